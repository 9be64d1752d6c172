// Live clients: docs/PROTOCOL.md, "WebSocket".
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, Server, panelWith } from './server.mjs';
import { WebSocketClient } from './websocket.mjs';

let server;

before(async () => { server = await Server.start({ panels: join(ROOT, 'examples') }); });
after(() => server.stop());

const types = (messages) => messages.map((message) => message.type);

test('CONNECTED carries id, version, epoch and state', async () => {
  const client = await server.connect('counter');
  const { type, panelId, version, epoch, state } = client.connected;
  assert.equal(type, 'CONNECTED');
  assert.equal(panelId, 'counter');
  assert.equal(typeof version, 'number');
  assert.equal(typeof epoch, 'string');
  assert.deepEqual(Object.keys(state), ['count', 'step']);
  await client.close();
});

test('the upgrade is accepted on the HTTP port too, and refused for an unknown panel', async () => {
  const client = await server.connect('counter', { port: server.httpPort });
  assert.equal(client.connected.type, 'CONNECTED');
  await client.close();
  for (const port of [server.httpPort, server.wsPort]) {
    await assert.rejects(WebSocketClient.open(port, '/panels/nowhere/ws'), { status: 404 });
  }
});

test('the subprotocol that was offered is the one that is chosen', async () => {
  const headers = { 'Sec-WebSocket-Protocol': 'nexus.v1.json' };
  const client = await WebSocketClient.open(server.wsPort, '/panels/counter/ws', { headers });
  assert.match(client.head, /^sec-websocket-protocol: nexus\.v1\.json$/im);
  await client.close();
});

test('two clients see the same PATCH; only the one that asked gets the RESULT, after the PATCH', async () => {
  const [left, right] = [await server.connect('counter'), await server.connect('counter')];
  left.send({ type: 'TRIGGER', tool: 'add', args: { by: 3 }, requestId: 'r1' });
  const seenLeft = await left.untilType('RESULT');
  const patch = await right.next();
  assert.deepEqual(types(seenLeft), ['PATCH', 'RESULT']);
  assert.deepEqual(seenLeft[0], patch);
  assert.equal(patch.version, left.connected.version + 1);
  assert.deepEqual(patch.mutations, [{ operation: 'set', key: 'count', value: patch.mutations[0].value }]);
  const [, result] = seenLeft;
  assert.equal(result.requestId, 'r1');
  assert.equal(result.version, patch.version);
  assert.equal(result.result.status, 'success');

  right.send({ type: 'PING' });
  assert.equal((await right.next()).type, 'PONG', 'the other client got more than the PATCH');
  await Promise.all([left.close(), right.close()]);
});

test('arguments by name, by position and as a scalar mean the same', async () => {
  const client = await server.connect('counter');
  const start = client.connected.state.count;
  for (const [index, args] of [{ by: 2 }, [2], 2].entries()) {
    client.send({ type: 'TRIGGER', tool: 'add', args, requestId: `a${index}` });
    const result = (await client.untilType('RESULT')).at(-1);
    assert.equal(result.result.returnValue, start + 2 * (index + 1));
  }
  await client.close();
});

test('a trigger over HTTP reaches the WebSocket clients', async () => {
  const client = await server.connect('counter');
  await server.trigger('counter', 'increment');
  assert.equal((await client.next()).type, 'PATCH');
  await client.close();
});

test('events follow the PATCH of their segment, and the RESULT follows both', async () => {
  await server.createPanel(panelWith("$state.n = 1; $emit('greet', { who: 'you' }); $emit('again', 2); return 3;"),
    { panelId: 'events' });
  const client = await server.connect('events');
  client.send({ type: 'TRIGGER', tool: 'run', requestId: 'e' });
  const seen = await client.untilType('RESULT');
  assert.deepEqual(types(seen), ['PATCH', 'EVENT', 'EVENT', 'RESULT']);
  assert.equal(seen[1].event.name, 'greet');
  assert.deepEqual(seen[1].event.payload, { who: 'you' });
  assert.equal(seen[2].event.name, 'again');
  await client.close();
});

test('a run that changes nothing sends no PATCH and keeps the version', async () => {
  await server.createPanel(panelWith('return $state.n;'), { panelId: 'quiet' });
  const client = await server.connect('quiet');
  client.send({ type: 'TRIGGER', tool: 'run' });
  const seen = await client.untilType('RESULT');
  assert.deepEqual(types(seen), ['RESULT']);
  assert.equal(seen[0].version, client.connected.version);
  assert.ok(!('requestId' in seen[0]));
  await client.close();
});

test('the job patches at each step, reports PROGRESS at each wait, and lets other tools in meanwhile', async () => {
  const client = await server.connect('job');
  client.send({ type: 'TRIGGER', tool: 'start', args: { seconds: 0.3 }, requestId: 'job' });
  const first = await client.untilType('PROGRESS');
  assert.deepEqual(types(first), ['PATCH', 'PROGRESS']);
  const [patch, progress] = first;
  assert.ok(patch.mutations.some(({ key, value }) => key === 'phase' && value === 'gathering'));
  assert.equal(progress.requestId, 'job');
  assert.equal(progress.status, 'suspended');
  assert.deepEqual(progress.calls.map(({ extension, method }) => [extension, method]), [['time', 'sleep']]);
  assert.equal((await server.get('/panels/job')).json.status, 'suspended');

  client.send({ type: 'TRIGGER', tool: 'poke', requestId: 'poke' });
  const poked = await client.until(({ type, requestId }) => type === 'RESULT' && requestId === 'poke');
  assert.ok(!poked.some(({ requestId, type }) => type === 'RESULT' && requestId === 'job'), 'the job was not suspended');

  const rest = await client.until(({ type, requestId }) => type === 'RESULT' && requestId === 'job');
  assert.ok(rest.some(({ type }) => type === 'PROGRESS'), 'no PROGRESS for the second step');
  const versions = [...first, ...poked, ...rest].filter(({ type }) => type === 'PATCH').map(({ version }) => version);
  assert.deepEqual(versions, [1, 2, 3, 4], 'each segment that changed state raises the version by one');
  const { result } = rest.at(-1);
  assert.equal(result.status, 'success');
  assert.deepEqual(result.returnValue, { steps: 2 });
  assert.equal(result.events.length, 1);
  const state = await server.state('job');
  assert.equal(state.phase, 'done');
  assert.equal(state.pokes, 1);
  await client.close();
});

test('two calls of one handler are in flight at once', async () => {
  const logic = '<Extension name="nexus.time" alias="time"/>';
  await server.createPanel(panelWith(
    'await Promise.all([$ext.time.sleep(50), $ext.time.sleep(60)]); return 1;', { logic }), { panelId: 'both' });
  const client = await server.connect('both');
  client.send({ type: 'TRIGGER', tool: 'run' });
  const progress = (await client.untilType('PROGRESS')).at(-1);
  assert.equal(progress.calls.length, 2);
  const result = (await client.untilType('RESULT')).at(-1);
  assert.equal(result.result.status, 'success');
  await client.close();
});

test('SET writes a bound value, and a refused SET changes nothing', async () => {
  const client = await server.connect('todo');
  client.send({ type: 'SET', path: ['list', 'title'], value: 'Tomorrow', requestId: 's1' });
  const patch = await client.next();
  assert.equal(patch.type, 'PATCH');
  assert.equal((await server.state('todo')).list.title, 'Tomorrow');

  client.send({ type: 'SET', path: ['items'], value: 'not a list', requestId: 's2' });
  const refused = await client.next();
  assert.equal(refused.type, 'ERROR');
  assert.equal(refused.requestId, 's2');
  client.send({ type: 'SET', path: ['undeclared'], value: 1, requestId: 's3' });
  assert.equal((await client.next()).requestId, 's3');
  assert.ok(Array.isArray((await server.state('todo')).items));
  await client.close();
});

test('a destroyed panel closes its clients with 1000', async () => {
  await server.createPanel(panelWith('return 1;'), { panelId: 'doomed' });
  const client = await server.connect('doomed');
  await server.request('DELETE', '/panels/doomed');
  assert.equal(await client.waitForClose(), 1000);
});

test('a panel is destroyed although a run of it waits', async () => {
  const logic = '<Extension name="nexus.time" alias="time"/>';
  await server.createPanel(panelWith('$state.n = 1; await $ext.time.sleep(60000);', { logic }), { panelId: 'waiting' });
  const client = await server.connect('waiting');
  client.send({ type: 'TRIGGER', tool: 'run' });
  await client.untilType('PROGRESS');
  assert.equal((await server.request('DELETE', '/panels/waiting')).status, 204);
  await client.waitForClose();
});

test('a client that vanishes is forgotten', async () => {
  await server.createPanel(panelWith('return 1;'), { panelId: 'left-alone' });
  const client = await server.connect('left-alone');
  assert.equal((await server.get('/panels/left-alone')).json.clientCount, 1);
  client.destroy();
  const witness = await server.connect('left-alone');
  let count;
  for (let tries = 0; tries < 200 && count !== 1; tries++) {
    count = (await server.get('/panels/left-alone')).json.clientCount;
  }
  assert.equal(count, 1);
  await witness.close();
});

test('the server says goodbye with 1001 and ends with 0', async () => {
  const other = await Server.start({ panels: join(ROOT, 'examples') });
  const client = await other.connect('counter');
  const stopped = other.stop();
  assert.equal(await client.waitForClose(), 1001);
  assert.equal(await stopped, 0);
});

const RECEIPT = `<NexusPanel title="Receipt">
  <Data>
    <State name="items" type="list" default='[{"price":2},{"price":3}]'/>
    <State name="note" type="string"/>
    <Computed name="total" value="$state.sum * 2"/>
    <Computed name="sum" value="$state.items.reduce((sum, item) => sum + item.price, 0)"/>
    <Computed name="first" value="$state.items[0].label.length"/>
  </Data>
  <Logic>
    <Tool name="add"><Handler>$state.items.push({ price: 5 }); $state.note = 'sum was ' + $state.sum;</Handler></Tool>
    <Tool name="cheat"><Handler>const state = $state; state['su' + 'm'] = 1;</Handler></Tool>
  </Logic>
  <View><Text content="{$state.total}"/></View>
</NexusPanel>`;

test('computed values are state: in the snapshot, in the same PATCH as their cause, read-only', async () => {
  const created = await server.createPanel(RECEIPT, { panelId: 'receipt' });
  assert.equal(created.status, 201, created.text);
  const { total, sum, first } = created.json.state;
  assert.deepEqual({ total, sum, first }, { total: 10, sum: 5, first: null }, 'what throws is null');

  const client = await server.connect('receipt');
  assert.equal(client.connected.state.total, 10);
  client.send({ type: 'TRIGGER', tool: 'add', requestId: 'a' });
  const [patch, result] = await client.untilType('RESULT');
  assert.equal(patch.version, client.connected.version + 1);
  assert.deepEqual(patch.mutations.map(({ key }) => key), ['items', 'note', 'sum', 'total']);
  assert.deepEqual(patch.mutations.slice(1).map(({ value }) => value), ['sum was 5', 10, 20]);
  assert.deepEqual(result.result.stateMutations, patch.mutations);

  client.send({ type: 'SET', path: ['items', 0, 'price'], value: 100, requestId: 's' });
  const [written] = await client.untilType('PATCH');
  assert.equal(written.version, patch.version + 1);
  assert.deepEqual(written.mutations.map(({ key, value }) => (key === 'items' ? key : [key, value])),
    ['items', ['sum', 108], ['total', 216]]);

  client.send({ type: 'SET', path: ['note'], value: 'x', requestId: 'n' });
  const [note] = await client.untilType('PATCH');
  assert.deepEqual(note.mutations.map(({ key }) => key), ['note'], 'nothing computed reads it');

  client.send({ type: 'SET', path: ['sum'], value: 1, requestId: 'c' });
  const refused = await client.next();
  assert.equal(refused.type, 'ERROR');
  assert.match(refused.message, /sum.*computed/);
  const cheat = await server.trigger('receipt', 'cheat');
  assert.equal(cheat.json.error.code, 'STATE_ERROR');
  assert.equal((await server.state('receipt')).sum, 108);
  await client.close();
});

test('a client that takes JSON Patch gets one operation for one item more, others the whole key', async () => {
  const rows = Array.from({ length: 10000 }, (_, id) => ({ id, text: `row ${id}` }));
  const source = panelWith("$state.rows.push({ id: 'new' });", { state: '<State name="rows" type="list"/>' });
  await server.createPanel(source, { panelId: 'long', initialState: { rows } });
  const whole = await server.connect('long');
  const client = await server.connect('long', { query: '?patches=json-patch' });
  client.send({ type: 'TRIGGER', tool: 'run', requestId: 'r' });
  const [patch, result] = await client.untilType('RESULT');
  const added = [{ op: 'add', path: '/rows/10000', value: { id: 'new' } }];
  assert.deepEqual(patch.patch, added);
  assert.equal(patch.mutations, undefined);
  assert.deepEqual(result.result.statePatch, added);
  const [mutation] = (await whole.next()).mutations;
  assert.equal(mutation.key, 'rows');
  assert.equal(mutation.value.length, 10001);

  client.send({ type: 'SET', path: ['rows', 3, 'text'], value: 'changed' });
  const [written] = await client.untilType('PATCH');
  assert.deepEqual(written.patch, [{ op: 'replace', path: '/rows/3/text', value: 'changed' }]);
  assert.equal((await whole.next()).mutations[0].value[3].text, 'changed');

  await assert.rejects(WebSocketClient.open(server.wsPort, '/panels/long/ws?patches=xml'), { status: 422 });
  await Promise.all([client.close(), whole.close()]);
});

test('a client hears of the topics and keys it subscribed to, and catches up when it wants more', async () => {
  const source = `<NexusPanel title="T"><Data><State name="a" type="number" default="0"/><State name="b" type="number" default="0"/></Data>
    <Logic><Tool name="both"><Handler>$state.a++; $state.b++; $emit('tick', $state.a);</Handler></Tool></Logic></NexusPanel>`;
  assert.equal((await server.createPanel(source, { panelId: 'topics' })).status, 201);
  const client = await server.connect('topics');
  const other = await server.connect('topics');
  client.send({ type: 'SUBSCRIBE', keys: ['b'] });
  client.send({ type: 'UNSUBSCRIBE', topics: ['events'] });
  client.send({ type: 'UNSUBSCRIBE', topics: ['weather'], requestId: 'no' });
  const [refused] = await client.untilType('ERROR');
  assert.deepEqual([refused.requestId, refused.code], ['no', 'INVALID_ARGUMENT']);

  client.send({ type: 'TRIGGER', tool: 'both', requestId: 'r' });
  const heard = await client.untilType('RESULT');
  assert.deepEqual(types(heard), ['PATCH', 'RESULT']);
  assert.deepEqual(heard[0].mutations, [{ operation: 'set', key: 'b', value: 1 }]);
  const all = await other.untilType('EVENT');
  assert.deepEqual(all[0].mutations.map(({ key }) => key), ['a', 'b']);

  client.send({ type: 'SUBSCRIBE', keys: ['*'], topics: ['events'] });
  const missed = await client.next();
  assert.deepEqual([missed.type, missed.version, missed.mutations], ['PATCH', 1, [{ operation: 'set', key: 'a', value: 1 }]]);
  client.send({ type: 'TRIGGER', tool: 'both' });
  assert.deepEqual(types(await client.untilType('RESULT')), ['PATCH', 'EVENT', 'RESULT']);
  await client.close();
  await other.close();
});

test('a client that reads slowly gets fewer patches, no wrong state, and costs the others nothing', async () => {
  const source = `<NexusPanel title="T"><Data><State name="n" type="number" default="0"/><State name="text" type="string" default=""/></Data>
    <Logic><Tool name="step"><Handler>$state.n++; $state.text = 'x'.repeat(20000) + $state.n;</Handler></Tool></Logic></NexusPanel>`;
  assert.equal((await server.createPanel(source, { panelId: 'slow' })).status, 201);
  const slow = await server.connect('slow');
  const quick = await server.connect('slow');
  slow.pause();
  const steps = 800; // 16 MB: more than the sockets and the queue hold
  for (let sent = 0; sent < steps; sent += 50) {
    for (let i = 0; i < 50; ++i) quick.send({ type: 'TRIGGER', tool: 'step' });
    for (let answered = 0; answered < 50; ++answered) await quick.untilType('RESULT');
  }
  slow.resume();
  const patches = await slow.until(({ type, version }) => type === 'PATCH' && version === steps, 30000);
  let version = 0;
  for (const patch of patches) {
    assert.equal(patch.from ?? patch.version - 1, version, 'each patch continues the one before');
    version = patch.version;
  }
  assert.ok(patches.length < steps, `${patches.length} patches for ${steps} steps`);
  const { text } = Object.fromEntries(patches.at(-1).mutations.map(({ key, value }) => [key, value]));
  assert.ok(text.endsWith(`x${steps}`));
  await slow.close();
  await quick.close();
});
