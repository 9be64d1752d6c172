// The life of a panel over HTTP: docs/PROTOCOL.md, "HTTP".
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, Server, panelWith } from './server.mjs';

let server;
let counter;

before(async () => {
  server = await Server.start();
  counter = await readFile(join(ROOT, 'examples', 'counter.nxml'), 'utf8');
});
after(() => server.stop());

test('a panel is created from NXML, listed, read, triggered and deleted', async () => {
  const created = await server.request('POST', '/panels', { body: counter, type: 'application/xml' });
  assert.equal(created.status, 201, created.text);
  assert.equal(created.json.id, 'counter');
  assert.equal(created.json.status, 'running');
  assert.deepEqual(created.json.state, { count: 0, step: 1 });
  assert.match(created.json.wsUrl, /^ws:\/\/.*\/panels\/counter\/ws$/);

  const listed = await server.get('/panels');
  assert.equal(listed.status, 200);
  assert.equal(listed.json.total, 1);
  assert.deepEqual(listed.json.panels.map((panel) => panel.id), ['counter']);

  const info = (await server.get('/panels/counter')).json;
  assert.equal(info.title, 'Counter');
  assert.equal(info.version, 0);
  assert.equal(info.clientCount, 0);
  assert.ok(!Number.isNaN(Date.parse(info.createdAt)));
  const add = info.tools.find((tool) => tool.name === 'add');
  assert.deepEqual(add.args.map(({ name, type, required }) => ({ name, type, required })),
    [{ name: 'by', type: 'number', required: true }]);

  const run = await server.trigger('counter', 'add', { by: 5 });
  assert.equal(run.status, 200, run.text);
  assert.equal(run.json.status, 'success');
  assert.equal(run.json.returnValue, 5);
  assert.deepEqual(run.json.stateMutations, [{ operation: 'set', key: 'count', value: 5 }]);
  assert.ok(run.json.metrics.durationUs >= 0);

  assert.deepEqual(await server.state('counter'), { count: 5, step: 1 });
  assert.equal((await server.get('/panels/counter')).json.version, 1);

  const deleted = await server.request('DELETE', '/panels/counter');
  assert.equal(deleted.status, 204);
  assert.equal(deleted.text, '');
  assert.equal((await server.get('/panels/counter')).status, 404);
  assert.equal((await server.get('/panels')).json.total, 0);
});

test('the JSON form takes an id and an initial state, and an id is used once', async () => {
  const request = { panelId: 'mine', initialState: { count: 41 } };
  const created = await server.createPanel(counter, request);
  assert.equal(created.status, 201, created.text);
  assert.deepEqual(created.json.state, { count: 41, step: 1 });

  const again = await server.createPanel(counter, request);
  assert.equal(again.status, 409);
  assert.equal(again.json.error.code, 'PANEL_EXISTS');
  assert.equal((await server.trigger('mine', 'increment')).json.returnValue, 42);
});

test('an initial state that does not fit the declarations is refused', async () => {
  const created = await server.createPanel(counter, { panelId: 'wrong', initialState: { count: 'many' } });
  assert.equal(created.status, 422, created.text);
  assert.match(created.json.error.message, /count/);
  assert.equal((await server.get('/panels/wrong')).status, 404);
});

test('the state carries an ETag of the version', async () => {
  await server.createPanel(counter, { panelId: 'tagged' });
  const before = await server.get('/panels/tagged/state');
  await server.trigger('tagged', 'increment');
  const after = await server.get('/panels/tagged/state');
  assert.ok(before.headers.get('etag'));
  assert.notEqual(before.headers.get('etag'), after.headers.get('etag'));
  assert.equal(before.text, '{"count":0,"step":1}');
});

test('a list of panels is cut into pages', async () => {
  for (const id of ['page-a', 'page-b', 'page-c']) await server.createPanel(counter, { panelId: id });
  const { total } = (await server.get('/panels')).json;
  const seen = [];
  let cursor;
  do {
    const page = (await server.get(`/panels?limit=2${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)).json;
    assert.ok(page.panels.length <= 2);
    seen.push(...page.panels.map((panel) => panel.id));
    cursor = page.nextCursor;
  } while (cursor !== undefined && seen.length <= total);
  assert.equal(seen.length, total);
  assert.equal(new Set(seen).size, total);
  assert.deepEqual((await server.get('/panels?id=page-b')).json.panels.map((panel) => panel.id), ['page-b']);
});

test('the AST describes the view and never holds handler code', async () => {
  await server.createPanel(counter, { panelId: 'shape' });
  const { status, json, text } = await server.get('/panels/shape/ast');
  assert.equal(status, 200);
  assert.equal(json.ast.kind, 'NexusPanel');
  assert.equal(json.ast.view.root.type, 'Layout');
  assert.ok(!text.includes('$state.count += $args.by'), 'handler code left the server');
});

test('one panel never sees the state of another', async () => {
  await server.createPanel(counter, { panelId: 'left' });
  await server.createPanel(counter, { panelId: 'right' });
  await server.trigger('left', 'add', { by: 7 });
  assert.equal((await server.state('left')).count, 7);
  assert.equal((await server.state('right')).count, 0);
});

test('a handler leaves nothing behind for the next run', async () => {
  await server.createPanel(panelWith(`
    const seen = [typeof Array.prototype.leak, typeof Math.leak].join();
    try { Array.prototype.leak = 1; } catch { seen.length; }
    try { Math.leak = 1; } catch { seen.length; }
    return seen;`), { panelId: 'pristine' });
  for (let round = 0; round < 3; round++) {
    assert.equal((await server.trigger('pristine', 'run')).json.returnValue, 'undefined,undefined');
  }
  assert.equal((await server.trigger('pristine', 'ok')).json.status, 'success');
});

test('an application error is not the server\'s: five hundred triggers leave it healthy', async () => {
  await server.createPanel(counter, { panelId: 'busy' });
  const runs = Array.from({ length: 500 }, () => server.trigger('busy', 'increment'));
  const results = await Promise.all(runs);
  const done = results.filter(({ status }) => status === 200).length;
  const refused = results.filter(({ status }) => status === 429).length;
  assert.equal(done + refused, 500);
  assert.equal((await server.state('busy')).count, done);
  assert.equal((await server.get('/health')).status, 200);
});

test('docs/METRICS.md names every family that /metrics has, and no other', async () => {
  const described = new Map([...(await readFile(join(ROOT, 'docs', 'METRICS.md'), 'utf8')).matchAll(/^\| `(\w+)` \| (\w+) \|/gm)]
    .map(([, name, type]) => [name, type]));
  // With traces, which have series of their own; nobody has to be there to take them.
  const traced = await Server.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
  const { text } = await traced.get('/metrics');
  await traced.stop();
  const exported = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
  assert.ok(exported.size > 40);
  assert.deepEqual([...exported].sort(), [...described].sort());
});

test('health, probes and metrics answer', async () => {
  const health = await server.get('/health');
  assert.equal(health.status, 200);
  assert.equal(typeof health.json.status, 'string');
  assert.equal((await server.get('/livez')).status, 200);
  assert.equal((await server.get('/readyz')).status, 200);
  const metrics = await server.get('/metrics');
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers.get('content-type'), /^text\/plain/);
  assert.match(metrics.text, /^# TYPE nexus_/m);
});

test('HEAD is answered wherever GET is', async () => {
  await server.createPanel(counter, { panelId: 'head' });
  for (const path of ['/health', '/metrics', '/panels', '/panels/head', '/panels/head/state', '/panels/head/ast']) {
    const answer = await server.request('HEAD', path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, '', path);
  }
});

test('mount runs before the panel is there, unmount before its clients are sent away', async () => {
  const source = (mount) => `<NexusPanel title="Life"><Data><State name="n" type="number"/></Data><Logic>
    <Lifecycle on="mount"><Handler>${mount}</Handler></Lifecycle>
    <Lifecycle on="unmount"><Handler>$state.n += 1; $emit('bye', $state.n);</Handler></Lifecycle>
    </Logic><View><Text content="{$state.n}"/></View></NexusPanel>`;
  const created = await server.createPanel(source('$state.n = 41;'), { panelId: 'life' });
  assert.deepEqual(created.json.state, { n: 41 });
  const client = await server.connect('life');
  assert.equal((await server.request('DELETE', '/panels/life')).status, 204);
  const [patch, event] = [await client.next(), await client.next()];
  assert.deepEqual([patch.version, patch.mutations[0].value], [2, 42]);
  assert.deepEqual([event.event.name, event.event.payload], ['bye', 42]);
  assert.equal(await client.waitForClose(), 1000);
  const broken = await server.createPanel(source("throw new Error('no luck');"), { panelId: 'unlucky' });
  assert.equal(broken.status, 201, 'a mount that fails is no reason to lose the panel');
  const { mountError } = (await server.get('/panels/unlucky')).json;
  assert.equal(mountError.code, 'EXECUTION_ERROR');
  assert.match(mountError.message, /no luck/);
  await server.request('DELETE', '/panels/unlucky');
});

test('a wrong argument is named, with its tool and the type it should have', async () => {
  const source = `<NexusPanel title="Args"><Data><State name="n" type="number"/></Data><Logic><Tool name="add">
    <Trigger type="manual"/><Arg name="by" type="number"/><Arg name="twice" type="boolean" default="no"/>
    <Handler>$state.n += $args.by * ($args.twice ? 2 : 1); return $args;</Handler></Tool></Logic></NexusPanel>`;
  await server.createPanel(source, { panelId: 'args' });
  assert.deepEqual((await server.trigger('args', 'add', { by: '20', twice: 'yes', more: 1 })).json.returnValue, { by: 20, twice: true });
  for (const [args, said] of [[{}, /"add".*"by"|"by".*"add"/], [{ by: 'many' }, /"by".*number/], [{ by: 1, twice: [] }, /"twice".*boolean/]]) {
    const { status, json } = await server.trigger('args', 'add', args);
    assert.equal(status, 422);
    assert.equal(json.error.code, 'INVALID_ARGUMENT');
    assert.match(json.error.message, said);
  }
  assert.deepEqual(await server.state('args'), { n: 40 });
});
