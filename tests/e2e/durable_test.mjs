// What survives when nexusd is killed, and how it comes back: docs/STORAGE.md.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { NEXUSD, Server, makeScratch, panelWith, runNexusd } from './server.mjs';

// A server that handlers ask, which counts what it is asked and answers when the test says so.
async function startAsked() {
  const asked = { requests: [], hold: false, waiting: [] };
  const listener = createServer((request, response) => {
    asked.requests.push({ method: request.method, url: request.url, key: request.headers['idempotency-key'] });
    const answer = () => { response.setHeader('content-type', 'application/json'); response.end('{"ok":1}'); };
    if (asked.hold) asked.waiting.push(answer); else answer();
  });
  await new Promise((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
  asked.url = `http://127.0.0.1:${listener.address().port}`;
  asked.stop = () => { listener.closeAllConnections(); listener.close(); };
  asked.count = (url) => asked.requests.filter((request) => request.url === url).length;
  return asked;
}

let server;
let asked;

before(async () => {
  asked = await startAsked();
  server = await Server.start({ env: { HTTP_ALLOW_PRIVATE_HOSTS: asked.url.slice('http://'.length) } });
});
after(async () => {
  await server.stop();
  asked.stop();
});

async function crash() {
  await server.kill();
  await server.restart();
}

async function until(probe, what) {
  for (let i = 0; i < 2000; ++i) {
    const found = await probe();
    if (found) return found;
    await delay(10);
  }
  assert.fail(`${what} did not happen`);
}

async function create(id, source, more = {}) {
  const created = await server.createPanel(source, { panelId: id, ...more });
  assert.equal(created.status, 201, created.text);
  return created.json;
}

const info = async (id) => (await server.get(`/panels/${id}`)).json;
const EXTENSIONS = '<Extension name="nexus.http" alias="http"/><Extension name="nexus.time" alias="time"/>';

test('an acknowledged change is there after a crash, with version, epoch and id', async () => {
  await create('counter', panelWith('$state.n = 40; $state.n = 41; return $state.n;', { state: '<State name="list" type="list"/>' }),
    { initialState: { list: [{ a: 1 }] } });
  await server.trigger('counter', 'run');
  await server.trigger('counter', 'ok');
  const before = await info('counter');
  await crash();
  assert.deepEqual(await server.state('counter'), { n: 42, list: [{ a: 1 }] });
  const now = await info('counter');
  for (const field of ['version', 'epoch', 'createdAt', 'title']) assert.equal(now[field], before[field], field);
  assert.equal((await server.trigger('counter', 'ok')).json.returnValue, 43);
  assert.equal((await info('counter')).version, before.version + 1);
});

test('writes of bound inputs and computed values are stored too', async () => {
  await create('inputs', `<NexusPanel title="T"><Data><State name="n" type="number" default="2"/>
    <Computed name="twice" value="$state.n * 2"/></Data><View><Text content="{$state.twice}"/></View></NexusPanel>`);
  const client = await server.connect('inputs');
  client.send({ type: 'SET', path: ['n'], value: 5 });
  await client.until(({ type }) => type === 'PATCH');
  await crash();
  assert.deepEqual(await server.state('inputs'), { n: 5, twice: 10 });
});

test('a destroyed panel stays away, and its id can be used again', async () => {
  await create('gone', panelWith('$state.n = 9;'));
  await server.trigger('gone', 'run');
  await server.request('DELETE', '/panels/gone');
  await create('gone', panelWith('$state.n = 1;'));
  await crash();
  assert.deepEqual(await server.state('gone'), { n: 0 });
  await server.request('DELETE', '/panels/gone');
  await crash();
  assert.equal((await server.get('/panels/gone')).status, 404);
});

test('durability none is never stored, and says so nowhere else', async () => {
  const source = panelWith('$state.n = 7;').replace('title=', 'durability="none" title=');
  await create('fleeting', source);
  await create('fleeting2', panelWith('$state.n = 7;'), { durability: 'none' });
  await create('lazy', panelWith('$state.n = 7;'), { durability: 'async' });
  for (const id of ['fleeting', 'fleeting2', 'lazy']) assert.equal((await server.trigger(id, 'run')).json.status, 'success');
  assert.equal((await server.createPanel(panelWith(''), { panelId: 'odd', durability: 'some' })).status, 422);
  await server.stop({ keep: true });
  await server.restart();
  assert.equal((await server.get('/panels/fleeting')).status, 404);
  assert.equal((await server.get('/panels/fleeting2')).status, 404);
  assert.deepEqual(await server.state('lazy'), { n: 7 });
});

test('mount runs once per creation', async () => {
  await create('mounted', panelWith('', { logic: '<Lifecycle on="mount"><Handler>$state.n = $state.n + 1;</Handler></Lifecycle>' }));
  await create('failing', panelWith('', { logic: '<Lifecycle on="mount"><Handler>throw new Error("no");</Handler></Lifecycle>' }));
  await crash();
  assert.deepEqual(await server.state('mounted'), { n: 1 });
  assert.equal((await info('failing')).mountError, undefined, 'it is not run again');
});

test('a sleep keeps its time, and what follows it happens once', async () => {
  await create('sleeper', panelWith(`
    const began = Date.now(); $state.n = 1; await $ext.time.sleep(1500); $state.n = $state.n + 10;
    $state.took = Date.now() - began;`, { logic: EXTENSIONS, state: '<State name="took" type="number"/>' }));
  server.trigger('sleeper', 'run').catch(() => {});
  await until(async () => (await server.state('sleeper')).n === 1, 'the first segment');
  await crash();
  assert.equal((await info('sleeper')).status, 'suspended');
  await until(async () => (await server.state('sleeper')).n === 11, 'the second segment');
  const { took } = await server.state('sleeper');
  assert.ok(took >= 1500 && took < 15000, `took ${took} ms`);
  await crash();
  assert.equal((await server.state('sleeper')).n, 11);
  assert.equal((await info('sleeper')).status, 'running');
});

test('a call in flight is made again when that is safe, and else the handler hears of it', async () => {
  await create('asks', panelWith(`
    const ask = async (name, call) => {
      try { await call(); $state.log.push(name + ' ok'); } catch (error) { $state.log.push(name + ' ' + error.code); }
    };
    await Promise.all([
      ask('get', () => $ext.http.get('${asked.url}/get')),
      ask('post', () => $ext.http.post('${asked.url}/post', 'x')),
      ask('marked', () => $ext.http.post('${asked.url}/marked', 'x', { idempotent: true })),
    ]);
    $state.n = 1;`, { logic: EXTENSIONS, state: '<State name="log" type="list"/>' }));
  asked.hold = true;
  server.trigger('asks', 'run').catch(() => {});
  await until(() => asked.waiting.length === 3, 'the three calls');
  await server.kill();
  asked.hold = false;
  await server.restart();
  await until(async () => (await server.state('asks')).n === 1, 'the end of the run');
  assert.deepEqual((await server.state('asks')).log.sort(), ['get ok', 'marked ok', 'post INTERRUPTED']);
  assert.deepEqual(['/get', '/post', '/marked'].map(asked.count), [2, 1, 2]);
  const keys = asked.requests.filter(({ url }) => url === '/marked').map(({ key }) => key);
  assert.ok(keys[0] && keys[0] === keys[1], 'the other side can tell that it is the same call');
});

test('an answer that had come is not asked for again', async () => {
  // The second call's answer keeps the run waiting, so that the first one's answer is there but not used up.
  await create('answered', panelWith(`
    const [first] = await Promise.all([$ext.http.post('${asked.url}/first', 'x'), $ext.time.sleep(1000)]);
    $state.n = first.status;`, { logic: EXTENSIONS }));
  server.trigger('answered', 'run').catch(() => {});
  await until(() => asked.count('/first') === 1, 'the call');
  await delay(200); // long enough for the answer to be stored; without it the run is told INTERRUPTED and fails
  await crash();
  await until(async () => (await server.state('answered')).n === 200, 'the end of the run');
  assert.equal(asked.count('/first'), 1);
});

test('an interval that was missed fires once, and its time is kept', async () => {
  await create('clock', `<NexusPanel title="T"><Data><State name="n" type="number"/></Data><Logic>
    <Tool name="tick"><Trigger type="interval" ms="3600000"/><Handler>$state.n = $state.n + 1;</Handler></Tool>
    <Tool name="often"><Trigger type="interval" ms="1000"/><Handler>$state.n = $state.n + 100;</Handler></Tool>
    </Logic><View><Text content="{$state.n}"/></View></NexusPanel>`);
  const due = (await info('clock')).triggers.find(({ tool }) => tool === 'tick').nextRunAt;
  await server.kill();
  await delay(3100);
  await server.restart();
  const triggers = (await info('clock')).triggers;
  assert.equal(triggers.find(({ tool }) => tool === 'tick').nextRunAt, due);
  await until(async () => (await server.state('clock')).n >= 100, 'the missed one');
  const { runs } = (await info('clock')).triggers.find(({ tool }) => tool === 'often');
  assert.ok(runs <= 2, `${runs} runs for three that were missed`);
  await server.request('DELETE', '/panels/clock');
});

test('a second nexusd on the same data is refused', async () => {
  const second = await runNexusd([], { HTTP_PORT: '0', WS_PORT: '0', DATA_DIR: server.dataDir });
  assert.equal(second.code, 2, NEXUSD);
  assert.match(second.stderr, /in use|another/);
});

const prefer = { prefer: 'respond-async' };
const post = (path, body, headers) => server.request('POST', path, { body: JSON.stringify(body), type: 'application/json', headers });

test('a run that is answered at once has a result to ask for, before and after a crash', async () => {
  await create('async', panelWith(`await $ext.time.sleep(700); $state.n = $state.n + 1; return 'slept';`, { logic: EXTENSIONS }));
  const accepted = await post('/panels/async/trigger/run', {}, prefer);
  assert.equal(accepted.status, 202, accepted.text);
  assert.equal(accepted.headers.get('preference-applied'), 'respond-async');
  const where = accepted.headers.get('location');
  assert.equal(where, `/panels/async/executions/${accepted.json.executionId}`);
  assert.deepEqual((await server.get(where)).json, { executionId: accepted.json.executionId, status: 'suspended' });
  await crash();
  await until(async () => (await server.get(where)).json.status === 'success', 'the end of the run');
  const result = (await server.get(where)).json;
  assert.equal(result.returnValue, 'slept');
  assert.deepEqual(result.stateMutations ?? result.statePatch, [{ operation: 'set', key: 'n', value: 1 }]);
  await crash();
  assert.deepEqual((await server.get(where)).json, result);
  const quick = await post('/panels/async/trigger/ok', {}, prefer);
  assert.equal(quick.json.status, 'success');
  assert.equal((await server.get(quick.headers.get('location'))).json.returnValue, 2);
  assert.equal((await server.get('/panels/async/executions/nobody')).status, 404);
});

test('a key makes a repeated request do nothing, and be answered as the first was', async () => {
  await create('once', panelWith('return 1;', { logic: '<Tool name="add"><Arg name="by" type="number"/><Handler>$state.n = $state.n + $args.by; return $state.n;</Handler></Tool>' }));
  const add = (by, key) => post('/panels/once/trigger/add', { by }, { 'idempotency-key': key });
  const first = await add(5, 'k1');
  assert.equal(first.json.returnValue, 5);
  assert.equal((await add(5, 'k1')).text, first.text);
  const together = await Promise.all(Array.from({ length: 8 }, () => add(1, 'k2')));
  assert.equal(new Set(together.map(({ text }) => text)).size, 1);
  await crash();
  assert.equal((await add(5, 'k1')).text, first.text);
  assert.equal((await add(6, 'k1')).status, 422);
  assert.equal((await post('/panels/once/trigger/run', { by: 5 }, { 'idempotency-key': 'k1' })).status, 422);
  assert.equal((await add(1, 'x'.repeat(256))).status, 422);
  assert.deepEqual(await server.state('once'), { n: 6 });
});

test('a key makes a repeated creation make no second panel, and be answered as the first was', async () => {
  const make = (body, key) => post('/panels', body, { 'idempotency-key': key });
  const body = { source: panelWith('$state.n = 7;') };
  const together = await Promise.all(Array.from({ length: 8 }, () => make(body, 'c1')));
  const [first] = together;
  assert.equal(first.status, 201, first.text);
  assert.equal(new Set(together.map(({ text, headers }) => text + headers.get('location'))).size, 1);
  await server.trigger(first.json.id, 'run');
  await crash();
  const again = await make(body, 'c1');
  assert.deepEqual([again.status, again.text, again.headers.get('location')], [201, first.text, first.headers.get('location')]);
  assert.equal((await server.state(first.json.id)).n, 7);
  assert.equal((await make({ ...body, panelId: 'other' }, 'c1')).status, 422);
  assert.equal((await make({ source: '<Nothing/>' }, 'c2')).status, 422);
  assert.equal((await make(body, 'c2')).status, 201, 'what failed is not remembered');
  await server.request('DELETE', `/panels/${first.json.id}`);
  const anew = await make({ ...body, durability: 'none' }, 'c3');
  assert.equal((await make({ ...body, durability: 'none' }, 'c3')).text, anew.text);
});

test('the history says who did what, and former states are there', async () => {
  await create('past', panelWith(`$state.n = 5; $emit('made', { a: 1 }); return 1;`,
    { logic: '<Tool name="set"><Arg name="to" type="number"/><Handler>$state.n = $args.to;</Handler></Tool>' }));
  await server.trigger('past', 'run');
  await server.trigger('past', 'set', { to: 7 });
  await crash();
  await server.trigger('past', 'set', { to: 9 });
  const { entries } = (await server.get('/panels/past/history')).json;
  assert.deepEqual(entries.map(({ tool, version }) => [tool, version]), [['set', 3], ['set', 2], ['run', 1]]);
  assert.deepEqual(entries[1].args, { to: 7 });
  assert.deepEqual(entries[1].mutations, [{ operation: 'set', key: 'n', value: 7 }]);
  assert.equal(entries[2].events[0].name, 'made');
  const page = (await server.get('/panels/past/history?limit=2')).json;
  assert.equal(page.entries.length, 2);
  assert.deepEqual((await server.get(`/panels/past/history?before=${page.nextBefore}`)).json.entries, [entries[2]]);
  const states = await Promise.all([0, 1, 2, 3].map((version) => server.get(`/panels/past/state?version=${version}`)));
  assert.deepEqual(states.map(({ json }) => json.n), [0, 5, 7, 9]);
  assert.equal((await server.get('/panels/past/state?version=4')).status, 404);
  assert.equal((await server.get('/panels/past/state?version=x')).status, 422);
  assert.equal((await server.get('/panels/past/history?limit=0')).status, 422);
});

test('a run that failed is in the history with its error, and its result can be asked for', async () => {
  await create('failed', panelWith(`$state.n = 5; if ($args.late) await $ext.time.sleep(1); throw new Error('no ' + $args.what);`, { logic: EXTENSIONS })
    .replace('<Tool name="run">', '<Tool name="run"><Arg name="what" type="string"/><Arg name="late" type="boolean" default="false"/>'));
  const { json: failed } = await server.trigger('failed', 'run', { what: 'luck' });
  assert.equal(failed.error.code, 'EXECUTION_ERROR');
  await server.trigger('failed', 'ok');
  await server.trigger('failed', 'run', { what: 'more', late: true });
  await crash();
  assert.deepEqual(await server.state('failed'), { n: 5 }, 'what the suspended run did before it failed');
  const { entries } = (await server.get('/panels/failed/history')).json;
  assert.deepEqual(entries.map(({ tool, version, error }) => [tool, version, error?.message]),
    [['run', 2, 'no more'], ['run', 2, undefined], ['ok', 1, undefined], ['run', 0, 'no luck']]);
  const last = entries.at(-1);
  assert.deepEqual([last.args, last.mutations, last.error.code, last.executionId],
    [{ what: 'luck', late: false }, [], 'EXECUTION_ERROR', failed.executionId]);
  const result = (await server.get(`/panels/failed/executions/${failed.executionId}`)).json;
  assert.deepEqual([result.status, result.error], ['error', failed.error]);
  assert.deepEqual((await server.get('/panels/failed/state?version=1')).json, { n: 1 });
  assert.match(execFileSync(join(dirname(NEXUSD), 'nexus'), ['log', 'failed', '--data-dir', server.dataDir], { encoding: 'utf8' }),
    /run \{"what":"luck","late":false\} run [0-9a-f-]+ \d+ us failed: EXECUTION_ERROR "no luck"$/m);
});

test('a client that comes back gets exactly what it missed, also over a crash', async () => {
  await create('resume', panelWith('$state.n = $state.n + 10;'));
  const client = await server.connect('resume');
  const { epoch } = client.connected;
  await server.trigger('resume', 'ok');
  await client.untilType('PATCH');
  await client.close();
  await server.trigger('resume', 'run');
  await crash();
  await server.trigger('resume', 'run');
  const again = await server.connect('resume', { query: `?epoch=${epoch}&since=1` });
  assert.deepEqual(again.connected, { type: 'CONNECTED', panelId: 'resume', version: 1, epoch, resumed: true });
  const missed = await again.until(({ version }) => version === 3);
  assert.deepEqual(missed.map(({ type, version, mutations }) => [type, version, mutations[0].value]), [['PATCH', 2, 11], ['PATCH', 3, 21]]);
  await server.trigger('resume', 'ok');
  assert.equal((await again.next()).version, 4);
  const patches = await server.connect('resume', { query: `?epoch=${epoch}&since=3&patches=json-patch` });
  assert.deepEqual((await patches.next()).patch, [{ op: 'add', path: '/n', value: 22 }]);
  for (const query of [`?epoch=${epoch}&since=99`, '?epoch=other&since=1']) {
    const fresh = await server.connect('resume', { query });
    assert.deepEqual(fresh.connected.state, { n: 22 });
    await fresh.close();
  }
  await assert.rejects(server.connect('resume', { query: '?since=1' }), { status: 422 });
  await Promise.all([again.close(), patches.close()]);
});

test('a panel file that was changed while the server was down wins, and the state that fits is kept', async (t) => {
  const directory = await makeScratch();
  const file = join(directory, 'kept.nxml');
  const source = (more, handler) => `<NexusPanel title="Kept" id="kept"><Data><State name="n" type="number"/>${more}</Data><Logic>
    <Lifecycle on="mount"><Handler>$state.n = $state.n + 100;</Handler></Lifecycle>
    <Tool name="add"><Handler>${handler}</Handler></Tool></Logic><View><Text content="{$state.n}"/></View></NexusPanel>`;
  await writeFile(file, source('<State name="old" type="string" default="x"/>', '$state.n = $state.n + 1;'));
  const own = await Server.start({ panels: directory });
  t.after(async () => {
    await own.stop();
    await rm(directory, { recursive: true });
  });
  await own.trigger('kept', 'add');
  const before = (await own.get('/panels/kept')).json;
  await own.kill();
  await own.restart();
  assert.deepEqual(await own.state('kept'), { n: 101, old: 'x' });
  assert.equal((await own.get('/panels/kept')).json.epoch, before.epoch, 'the same file changes nothing');
  await own.kill();
  await writeFile(file, source('<State name="fresh" type="number" default="7"/>', '$state.n = $state.n + 10;'));
  await own.restart();
  assert.deepEqual(await own.state('kept'), { n: 101, fresh: 7 });
  await own.trigger('kept', 'add');
  await own.kill();
  await own.restart();
  assert.deepEqual(await own.state('kept'), { n: 111, fresh: 7 });
  const now = (await own.get('/panels/kept')).json;
  assert.notEqual(now.epoch, before.epoch);
  assert.equal(now.version, before.version + 2);
  assert.deepEqual((await own.get(`/panels/kept/state?version=${before.version}`)).json, { n: 101, old: 'x' });
});

test('a stored panel that cannot be loaded says why, can be destroyed, and comes back with a file that is right', async (t) => {
  const directory = await makeScratch();
  const file = join(directory, 'heavy.nxml');
  const source = (id, more) => `<NexusPanel title="Heavy" id="${id}"><Data><State name="n" type="number"/>${more}</Data><Logic>
    <Tool name="add"><Handler>$state.n = $state.n + 1; return $state.n;</Handler></Tool></Logic><View><Text content="{$state.n}"/></View></NexusPanel>`;
  const heavy = `<State name="text" type="string" default="${'x'.repeat(2000)}"/>`;
  await writeFile(file, source('heavy', heavy));
  const own = await Server.start({ args: ['--watch', directory] });
  t.after(async () => { await own.stop(); await rm(directory, { recursive: true }); });
  assert.equal((await own.createPanel(source('doomed', heavy))).status, 201);
  await own.trigger('heavy', 'add');
  const before = (await own.get('/panels/heavy')).json;
  await own.kill();
  await own.restart({ env: { MAX_STATE_SIZE: '1024' } });
  assert.deepEqual((await own.get('/health')).json.panels, { active: 0, failed: 2 });
  for (const path of ['/panels/heavy', '/panels/heavy/state', '/panels/heavy/history']) {
    const { status, json } = await own.get(path);
    assert.deepEqual([status, json.error.code], [503, 'UNAVAILABLE'], path);
    assert.match(json.error.message, /'heavy' is stored and could not be loaded: .*1024/);
  }
  const again = await own.createPanel(source('doomed', ''));
  assert.equal(again.status, 409);
  assert.match(again.json.error.message, /could not be loaded/);
  assert.equal((await own.request('DELETE', '/panels/doomed')).status, 204);
  assert.equal((await own.get('/panels/doomed')).status, 404);
  assert.equal((await own.createPanel(source('doomed', ''))).status, 201);

  await writeFile(file, source('heavy', '<State name="fresh" type="number" default="7"/>'));
  await until(async () => (await own.get('/panels/heavy')).status === 200, 'the return of the panel');
  assert.deepEqual(await own.state('heavy'), { n: 1, fresh: 7 });
  assert.equal((await own.trigger('heavy', 'add')).json.returnValue, 2);
  assert.equal((await own.get('/health')).json.panels.failed, 0);
  await own.kill();
  await own.restart({ env: { MAX_STATE_SIZE: '1024' } });
  assert.deepEqual(await own.state('heavy'), { n: 2, fresh: 7 });
  const now = (await own.get('/panels/heavy')).json;
  assert.equal(now.version, before.version + 2);
  assert.notEqual(now.epoch, before.epoch);
  assert.equal((await own.get('/panels/doomed')).status, 200);
});

test('nexus backup copies what a running server has, and nexus restore makes another data directory of it', async (t) => {
  const nexus = (...args) => execFileSync(join(dirname(NEXUSD), 'nexus'), args, { encoding: 'utf8', stdio: 'pipe' });
  const directory = await makeScratch();
  t.after(() => rm(directory, { recursive: true }));
  await create('copied', panelWith('$state.n = 8;'));
  await server.trigger('copied', 'run');
  const before = await info('copied');
  const file = join(directory, 'backup.db');
  nexus('backup', server.dataDir, file);
  assert.throws(() => nexus('backup', server.dataDir, file), /exists/);
  await server.trigger('copied', 'ok');
  assert.throws(() => nexus('restore', file, server.dataDir), /in use/);
  nexus('restore', file, join(directory, 'restored'));
  const restored = await Server.start({ env: { DATA_DIR: join(directory, 'restored') } });
  t.after(() => restored.stop());
  assert.deepEqual(await restored.state('copied'), { n: 8 });
  const now = (await restored.get('/panels/copied')).json;
  assert.equal(now.version, before.version);
  assert.notEqual(now.epoch, before.epoch, 'clients may have seen more');
  await server.request('DELETE', '/panels/copied');
});

test('nexus log, export and import look at the same data', async (t) => {
  const nexus = join(dirname(NEXUSD), 'nexus');
  const run = (...args) => execFileSync(nexus, [...args, '--data-dir', server.dataDir], { encoding: 'utf8', stdio: 'pipe' });
  await create('moved', panelWith('$state.n = 3; await $ext.time.sleep(60000);', { logic: EXTENSIONS }));
  // Nobody waits for its answer: the server, when it is stopped, would give them their time.
  await post('/panels/moved/trigger/run', {}, prefer);
  await until(async () => (await server.state('moved')).n === 3, 'the first segment');
  await server.trigger('moved', 'ok');
  const lines = run('log', 'moved').trim().split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[0], /^\d{4}-.*Z v2 .* ok \{\} run [0-9a-f-]+ \d+ us \+n$/);
  assert.equal(JSON.parse(run('log', 'moved', '--json', '--limit', '1')).entries[0].tool, 'ok');
  assert.throws(() => run('log', 'nobody'), /not stored/);

  const directory = await makeScratch();
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'moved.panel');
  run('export', 'moved', file);
  assert.throws(() => run('export', 'moved', file), /exists/);
  assert.throws(() => run('import', file, '--as', 'copy'), /in use|another/);
  await server.stop({ keep: true });
  run('import', file, '--as', 'copy');
  assert.throws(() => run('import', file), /stored already/);
  await server.restart();
  assert.deepEqual(await server.state('copy'), { n: 4 });
  const states = await Promise.all(['moved', 'copy'].map(async (id) => (await info(id)).status));
  assert.deepEqual(states.sort(), ['running', 'suspended'], 'a run goes on once');
  assert.equal((await info('copy')).version, 2);
  for (const id of ['copy', 'moved']) await server.request('DELETE', `/panels/${id}`);
});
