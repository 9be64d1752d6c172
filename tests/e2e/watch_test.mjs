// nexusd --watch: panels follow their files (docs/NXML.md, "Reloading").
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { makeScratch, runNexusd, Server } from './server.mjs';

const DEADLINE_MS = 20000;

let server;
let folder;
// Answers a request when the test says so.
const gate = createServer((request, response) => gate.once('open', () => response.end('{}')));

before(async () => {
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  folder = await makeScratch();
  await write('first', document('first'));
  server = await Server.start({ args: ['--watch', folder], env: { HTTP_ALLOW_PRIVATE_HOSTS: `127.0.0.1:${gate.address().port}` } });
});
after(async () => {
  await server?.stop();
  gate.close();
  await rm(folder, { recursive: true, force: true });
});

const path = (name) => join(folder, `${name}.nxml`);
const write = (name, text) => writeFile(path(name), text);

// A panel with a number `n`, a tool that counts, and what is added.
function document(id, { title = 'Test', data = '', logic = '', view = '{$state.n}' } = {}) {
  return `<NexusPanel${id ? ` id="${id}"` : ''} title="${title}">
  <Data><State name="n" type="number"/>${data}</Data>
  <Logic>${logic}<Tool name="count"><Trigger type="manual"/><Handler>$state.n = $state.n + 1; return $state.n;</Handler></Tool></Logic>
  <View><Text content="${view}"/></View>
</NexusPanel>`;
}

async function eventually(what, ask) {
  for (const start = Date.now(); Date.now() - start < DEADLINE_MS; await delay(20)) {
    const answer = await ask();
    if (answer) return answer;
  }
  throw new Error(`${what}: not within ${DEADLINE_MS} ms\n${server.log}`);
}

const panelIs = (id, status) => eventually(`${id} is ${status}`, async () => (await server.get(`/panels/${id}`)).status === status);
const isReload = ({ type, event }) => type === 'EVENT' && event.name === 'system:reload';
const untilReload = async (client) => (await client.until(isReload)).at(-1).event.payload;

// A panel of a new file, and a client of it.
async function openPanel(id, source = document(id)) {
  await write(id, source);
  await panelIs(id, 200);
  return server.connect(id);
}

test('a changed file changes its panel: state that fits stays, clients get state and view anew', async () => {
  const client = await server.connect('first');
  await server.trigger('first', 'count');
  await client.untilType('PATCH');
  const old = (await server.get('/panels/first/ast')).json;
  await write('first', document('first', { title: 'Second', data: '<State name="list" type="list"/><Computed name="twice" value="$state.n * 2"/>' }));
  const [again] = await client.untilType('CONNECTED');
  assert.deepEqual(again.state, { n: 1, list: [], twice: 2 });
  assert.equal(again.version, 2);
  assert.notEqual(again.epoch, client.connected.epoch);
  const ast = (await server.get('/panels/first/ast')).json;
  assert.equal(old.epoch, client.connected.epoch);
  assert.deepEqual([ast.epoch, ast.version, ast.ast.meta.title], [again.epoch, 2, 'Second']);
  assert.equal((await server.trigger('first', 'count')).json.returnValue, 2);
  const patch = (await client.untilType('PATCH')).at(-1);
  assert.equal(patch.version, 3);
  assert.deepEqual(patch.mutations.map(({ key, value }) => [key, value]), [['n', 2], ['twice', 4]]);
  await write('first', document('first', { data: '<State name="list" type="object"/>' }));
  assert.deepEqual((await client.untilType('CONNECTED')).at(-1).state, { n: 2, list: {} });
  await client.close();
});

test('a broken file leaves the panel alone, and the log and every client say what is wrong', async () => {
  const client = await openPanel('broken');
  await server.trigger('broken', 'count');
  await write('broken', document('broken', { view: '{$state.m}' }));
  const payload = await untilReload(client);
  assert.equal(payload.file, 'broken.nxml');
  assert.deepEqual(payload.diagnostics.map(({ severity, code, line, column }) => [severity, code, line, column])[0],
    ['error', 'UNDEFINED_STATE_REFERENCE', 4, 25]);
  assert.match(server.log, /broken\.nxml:4:25: error UNDEFINED_STATE_REFERENCE/);
  assert.equal((await server.trigger('broken', 'count')).json.returnValue, 2);
  const late = await server.connect('broken');
  assert.deepEqual((await late.next()).event.payload, payload);
  await write('broken', document('broken', { data: '<State name="m"/>', view: '{$state.m}{$state.n}' }));
  for (const each of [client, late]) {
    const seen = await each.until((message) => isReload(message) && message.event.payload.diagnostics.length === 0);
    assert.deepEqual(seen.findLast(({ type }) => type === 'CONNECTED').state, { n: 2, m: '' });
  }
  assert.equal(client.messages.at(-1).version, 3, 'the broken file was no change');
  await Promise.all([client.close(), late.close()]);
});

test('taking a mistake back is no reload, and ends the complaint', async () => {
  const source = document('undo');
  const client = await openPanel('undo', source);
  await write('undo', '<NexusPanel');
  assert.equal((await untilReload(client)).diagnostics[0].code, 'PARSE_ERROR');
  await write('undo', source);
  assert.deepEqual((await untilReload(client)).diagnostics, []);
  await write('undo', '<NexusPanel');
  assert.equal((await untilReload(client)).diagnostics[0].code, 'PARSE_ERROR');
  await rm(path('undo'));
  assert.deepEqual((await untilReload(client)).diagnostics, [], 'nothing is wrong with a file that is gone');
  assert.ok(!client.messages.slice(1).some(({ type }) => type === 'CONNECTED'));
  await client.close();
});

test('editors that write a file beside it and rename, and warnings', async () => {
  const client = await openPanel('renamed');
  await writeFile(join(folder, 'renamed.nxml.tmp'), document('renamed', { data: '<State name="unused"/>' }));
  await rename(path('renamed'), path('renamed') + '~');
  await rename(join(folder, 'renamed.nxml.tmp'), path('renamed'));
  assert.deepEqual((await client.untilType('CONNECTED')).at(-1).state, { n: 0, unused: '' });
  assert.deepEqual((await untilReload(client)).diagnostics.map(({ severity, code }) => [severity, code]), [['warning', 'UNUSED_STATE']]);
  await client.close();
});

test('a file that is written piece by piece never harms the panel', async () => {
  const client = await openPanel('pieces');
  const whole = document('pieces', { title: 'Whole' });
  const file = await open(path('pieces'), 'w');
  for (let at = 0; at < whole.length; at += 40) {
    await file.write(whole.slice(at, at + 40));
    assert.equal((await server.trigger('pieces', 'count')).json.status, 'success');
  }
  await file.close();
  const again = (await client.untilType('CONNECTED')).at(-1);
  assert.equal(again.state.n, Math.ceil(whole.length / 40));
  await client.close();
});

test('new files become panels; those of removed files go on, until the file is back', async () => {
  const client = await openPanel('comes');
  await server.trigger('comes', 'count');
  await rm(path('comes'));
  await eventually('the log tells', () => /comes\.nxml is gone; the panel it was made of goes on/.test(server.log));
  assert.equal((await server.trigger('comes', 'count')).json.returnValue, 2);
  await write('comes', document('comes', { title: 'Back' }));
  assert.equal((await client.untilType('CONNECTED')).at(-1).state.n, 2);
  await client.close();
  await server.request('DELETE', '/panels/comes');
  await write('comes', document('comes', { title: 'Anew' }));
  await panelIs('comes', 200);
  assert.equal((await server.state('comes')).n, 0);
});

test('a renamed file keeps its panel; another file cannot take it', async () => {
  const client = await openPanel('owner');
  await server.trigger('owner', 'count');
  await write('thief', document('owner', { title: 'Thief' }));
  await eventually('the log tells', () => /thief\.nxml:1:1: error PANEL_EXISTS/.test(server.log));
  assert.equal((await server.get('/panels/owner')).json.title, 'Test');
  await rm(path('thief'));
  await rename(path('owner'), path('moved'));
  await eventually('the log tells', () => /owner\.nxml is gone/.test(server.log));
  await write('moved', document('owner', { title: 'Moved' }));
  const again = (await client.untilType('CONNECTED')).at(-1);
  assert.equal(again.state.n, 1);
  await client.close();
});

test('a file whose document has no id gives it its name', async () => {
  await write('no id_here', document(undefined));
  await panelIs('no-id_here', 200);
  const client = await server.connect('no-id_here');
  await write('no id_here', document(undefined, { title: 'Still' }));
  await client.untilType('CONNECTED');
  await client.close();
});

test('what is no file is said to be none', async () => {
  await mkdir(path('folder'));
  await eventually('the log tells', () => /folder\.nxml:1:1: error INVALID_ARGUMENT: this is not a regular file/.test(server.log));
  await symlink(path('first'), path('link'));
  await eventually('the log tells', () => /link\.nxml:1:1: error PANEL_EXISTS/.test(server.log));
  await rm(path('link'));
  await rm(path('folder'), { recursive: true });
});

test('a run that waits goes on with its handler; what it writes must fit the new state', async () => {
  const wait = `await $ext.http.get('http://127.0.0.1:${gate.address().port}/');`;
  const logic = `<Extension name="nexus.http"/>
    <Tool name="stays"><Handler>const rows = $state.rows; ${wait} rows.push('late'); $state.n = 5; return 'old';</Handler></Tool>
    <Tool name="fails"><Handler>${wait} $state.gone = 'x';</Handler></Tool>`;
  const rows = '<State name="rows" type="list"/>';
  const client = await openPanel('waits', document('waits', { data: `${rows}<State name="gone"/>`, logic, view: '{$state.gone}{$state.rows}' }));
  client.send({ type: 'TRIGGER', tool: 'stays', requestId: 'a' });
  client.send({ type: 'TRIGGER', tool: 'fails', requestId: 'b' });
  await client.until(({ type, requestId }) => type === 'PROGRESS' && requestId === 'b');
  await write('waits', document('waits', { data: rows }));
  await client.untilType('CONNECTED');
  await eventually('both wait', () => gate.listenerCount('open') === 2);
  gate.emit('open');
  const results = new Map();
  while (results.size < 2) {
    const { requestId, result } = (await client.untilType('RESULT')).at(-1);
    results.set(requestId, result);
  }
  assert.deepEqual([results.get('a').status, results.get('a').returnValue], ['success', 'old']);
  assert.equal(results.get('b').error.code, 'STATE_ERROR');
  assert.match(results.get('b').error.message, /"gone" is not declared/);
  assert.deepEqual(await server.state('waits'), { n: 5, rows: ['late'] });
  await client.close();
});

test('a panel keeps the settings of extensions it was created with, also those a document does without for a while', async () => {
  const asks = `<Extension name="nexus.http" alias="http"/>
    <Tool name="ask"><Handler>return (await $ext.http.get('/x')).status;</Handler></Tool>`;
  const base = `http://127.0.0.1:${gate.address().port}/base`;
  const created = await server.createPanel(document('settled', { logic: asks }), { extensions: { http: { baseURL: base } } });
  assert.equal(created.status, 201, created.text);
  const ask = async () => {
    const asked = once(gate, 'request');
    const answer = server.trigger('settled', 'ask');
    const [request] = await asked;
    gate.emit('open');
    return [request.url, (await answer).json.returnValue];
  };
  assert.deepEqual(await ask(), ['/base/x', 200]);
  const titled = async (title, logic) => {
    await write('settled', document('settled', { title, logic }));
    await eventually(title, async () => (await server.get('/panels/settled')).json.title === title);
  };
  await titled('Second', asks);
  assert.deepEqual(await ask(), ['/base/x', 200], 'after a reload');
  await titled('Without', '');
  await server.kill();
  await server.restart();
  await panelIs('settled', 200);
  await titled('Third', asks);
  assert.deepEqual(await ask(), ['/base/x', 200], 'declared again, after a restart');
});

test('the directory itself may go and come back', async () => {
  const inner = await makeScratch();
  const watched = join(inner, 'panels');
  await mkdir(watched);
  await writeFile(join(watched, 'a.nxml'), document('a'));
  const other = await Server.start({ args: ['--watch', watched], env: { SANDBOX: 'off' } });
  try {
    const client = await other.connect('a');
    await rm(watched, { recursive: true });
    for (const start = Date.now(); !/panels is gone; waiting/.test(other.log) && Date.now() - start < DEADLINE_MS;) await delay(20);
    await mkdir(watched);
    await writeFile(join(watched, 'a.nxml'), document('a', { title: 'Back' }));
    await client.untilType('CONNECTED', DEADLINE_MS);
    await client.close();
  } finally {
    await other.stop();
    await rm(inner, { recursive: true, force: true });
  }
});

test('a directory that cannot be watched stops the start', async () => {
  const refused = await runNexusd(['--watch', join(folder, 'nowhere')], { DATA_DIR: join(folder, 'data'), HTTP_PORT: 0, WS_PORT: 0 });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /WATCH_DIR \(--watch\): ".*nowhere" cannot be read/);
});
