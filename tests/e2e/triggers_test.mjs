// What runs tools by itself, and the view for programs: docs/PROTOCOL.md, "Triggers" and "Resolved view".
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Server } from './server.mjs';

let server;

before(async () => { server = await Server.start(); });
after(() => server.stop());

function panel(tools, data = '') {
  return `<NexusPanel title="Test"><Data><State name="n" type="number"/><State name="log" type="list"/>${data}</Data>
    <Logic>${tools}</Logic><View><Text content="{$state.n}"/></View></NexusPanel>`;
}

async function create(id, source) {
  const created = await server.createPanel(source, { panelId: id });
  assert.equal(created.status, 201, created.text);
}

const triggersOf = async (id) => (await server.get(`/panels/${id}`)).json.triggers;

test('an interval runs its tool, and the info shows it', async () => {
  await create('clock', panel(`<Tool name="tick"><Trigger type="interval" ms="100"/>
    <Handler>$state.n = $state.n + 1;</Handler></Tool>`));
  const client = await server.connect('clock');
  await client.until((message) => message.type === 'PATCH' && message.version >= 3);
  const [info] = await triggersOf('clock');
  assert.equal(info.tool, 'tick');
  assert.equal(info.type, 'interval');
  assert.ok(info.runs >= 3);
  assert.ok(Date.parse(info.nextRunAt) > Date.parse(info.lastRunAt) - 1);
  await server.request('DELETE', '/panels/clock');
});

test('an event runs the tools that ask for it, with its payload; a state change runs those on its path', async () => {
  await create('chain', panel(`
    <Tool name="sell"><Handler>$emit('order.new', { what: 'tea' });</Handler></Tool>
    <Tool name="book"><Trigger type="event" pattern="order.*"/><Arg name="what"/>
      <Handler>$state.log.push($args.what);</Handler></Tool>
    <Tool name="count"><Trigger type="state_change" path="$state.log"/>
      <Handler>$state.n = $state.log.length;</Handler></Tool>`));
  const client = await server.connect('chain');
  await server.trigger('chain', 'sell');
  const seen = await client.until((message) => message.type === 'PATCH' && message.mutations[0].key === 'n');
  assert.deepEqual(seen.map(({ type }) => type), ['EVENT', 'PATCH', 'PATCH']);
  assert.deepEqual(await server.state('chain'), { n: 1, log: ['tea'] });
  await client.close();
});

test('a trigger loop is cut, everybody hears why, and the panel goes on', async () => {
  await create('loop', panel(`
    <Tool name="again"><Trigger type="state_change" path="$state.n"/><Handler>$state.n = $state.n + 1;</Handler></Tool>
    <Tool name="ping"><Trigger type="event" pattern="pong"/><Handler>$emit('ping', null);</Handler></Tool>
    <Tool name="pong"><Trigger type="event" pattern="ping"/><Handler>$emit('pong', null);</Handler></Tool>`));
  const client = await server.connect('loop');
  const isCut = ({ type, event }) => type === 'EVENT' && event.name === 'system:error';
  client.send({ type: 'SET', path: ['n'], value: 100 });
  const changes = await client.until(isCut);
  assert.match(changes.at(-1).event.payload.message, /trigger loop: 8 runs .* tool "again"/);
  assert.equal((await server.state('loop')).n, 108);
  await server.trigger('loop', 'ping');
  const events = await client.until(isCut);
  assert.match(events.at(-1).event.payload.message, /trigger loop/);
  assert.match((await triggersOf('loop'))[0].error.message, /trigger loop/);
  const after = await server.trigger('loop', 'again');
  assert.equal(after.json.status, 'success');
  await client.close();
});

test('a time zone nobody knows is a mistake in the document', async () => {
  const refused = await server.createPanel(panel(`<Tool name="t">
    <Trigger type="cron" expression="0 9 * * *" timezone="Mars/Olympus"/><Handler>return 1;</Handler></Tool>`));
  assert.equal(refused.status, 422);
  const [diagnostic] = refused.json.error.details.diagnostics;
  assert.equal(diagnostic.code, 'INVALID_TRIGGER');
  assert.match(diagnostic.message, /Mars\/Olympus/);
  await create('daily', panel(`<Tool name="t"><Trigger type="cron" expression="0 9 * * *" timezone="Europe/Berlin"/>
    <Handler>return 1;</Handler></Tool>`));
  const [info] = await triggersOf('daily');
  assert.ok(Date.parse(info.nextRunAt) > Date.now());
});

test('the view is resolved for programs, with an ETag of the version', async () => {
  const source = `<NexusPanel title="Test"><Data><State name="rows" type="list" default='[{"id":1},{"id":2}]'/>
    <Computed name="count" value="$state.rows.length"/></Data>
    <Logic><Tool name="more"><Handler>$state.rows.push({ id: 3 });</Handler></Tool></Logic>
    <View><Layout><Text content="{$state.count} rows"/><Iterate items="{$state.rows}" as="row">
      <Text content="{$scope.row.id}"/></Iterate><Text content="{$state.rows[9].id}"/></Layout></View></NexusPanel>`;
  await create('table', source);
  const first = await server.get('/panels/table/view');
  assert.equal(first.status, 200, first.text);
  assert.equal(first.json.version, 0);
  assert.deepEqual(first.json.root.children.map(({ props }) => props.content), ['2 rows', 1, 2, null]);
  assert.equal(first.json.diagnostics.length, 1);
  const etag = first.headers.get('etag');
  const same = await server.request('GET', '/panels/table/view', { headers: { 'if-none-match': etag } });
  assert.equal(same.status, 304);
  await server.trigger('table', 'more');
  const second = await server.request('GET', '/panels/table/view', { headers: { 'if-none-match': etag } });
  assert.equal(second.status, 200);
  assert.deepEqual(second.json.root.children.map(({ props }) => props.content), ['3 rows', 1, 2, 3, null]);
  assert.equal((await server.get('/panels/nowhere/view')).status, 404);
});
