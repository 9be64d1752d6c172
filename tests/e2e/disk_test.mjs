// What users meet when the disk below a running nexusd is full, read-only or broken, and when files vanish or are torn:
// a clear error, no acknowledgement, nothing lost that had one, and a way on. docs/STORAGE.md, "What a commit promises".
import assert from 'node:assert/strict';
import { appendFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Disk } from './disks.mjs';
import { Server, panelWith, runNexusd } from './server.mjs';

const PANEL = panelWith('$state.text = $args.text; $state.n = $state.n + 1; return $state.n;', { state: '<State name="text" type="string"/>' })
  .replace('<Tool name="run">', '<Tool name="run"><Arg name="text"/>');

async function until(probe, what) {
  for (let i = 0; i < 1500; ++i) {
    if (await probe()) return;
    await delay(10);
  }
  assert.fail(`${what} did not happen`);
}

async function startOn(t, disk, more = {}) {
  const server = await Server.start({ env: { DATA_DIR: join(disk.path, 'data'), LOG_LEVEL: 'warn', ...more } });
  // Before the disk goes away.
  t.after(async () => { await server.stop(); await disk.remove(); });
  return server;
}

// Changes the panel until the disk refuses. Returns the last value that was acknowledged, and the refusal.
async function changeUntilRefused(server) {
  let stored = (await server.state('p')).n;
  for (let i = 0; i < 100; ++i) {
    const answer = await server.trigger('p', 'run', { text: `${i}${'x'.repeat(20000)}` });
    if (answer.status !== 200) return { stored, refused: answer };
    stored = answer.json.returnValue;
  }
  return assert.fail('the disk refused nothing');
}

for (const type of ['tmpfs', 'ext4']) {
  test(`a full ${type}: refused, not shown, and on it goes when there is room`, async (t) => {
    const disk = await Disk.make(type);
    const server = await startOn(t, disk);
    assert.equal((await server.createPanel(PANEL, { panelId: 'p' })).status, 201);
    assert.equal((await server.trigger('p', 'run', { text: 'first' })).json.returnValue, 1);
    const client = await server.connect('p');
    await disk.fill();
    const { stored, refused } = await changeUntilRefused(server);
    assert.equal(refused.status, 503, refused.text);
    assert.deepEqual([refused.json.error.code, refused.json.error.message], ['STORAGE_ERROR', 'storage failed: the disk is full']);
    const created = await server.createPanel(PANEL, { panelId: 'q' });
    assert.deepEqual([created.status, created.json.error.code], [503, 'STORAGE_ERROR']);
    assert.equal((await server.get('/readyz')).status, 503);
    assert.equal((await server.get('/livez')).status, 200);
    await until(async () => (await server.state('p')).n === stored, 'the return to what is stored');
    assert.ok(client.messages.every(({ type: kind, version }) => kind !== 'PATCH' || version <= stored), 'nobody was told more');

    await disk.makeRoom();
    await until(async () => (await server.trigger('p', 'run', { text: 'room' })).json.returnValue === stored + 1, 'the next change');
    assert.equal((await server.createPanel(PANEL, { panelId: 'q' })).status, 201);
    await until(async () => (await server.get('/readyz')).status === 200, 'readiness');
    await server.kill();
    await server.restart();
    assert.deepEqual(await server.state('p'), { n: stored + 1, text: 'room' });
  });
}

test('a first start on a full disk says so and ends, and the next one with room is a first start', async (t) => {
  const disk = await Disk.make('tmpfs');
  const settings = { HTTP_PORT: '0', WS_PORT: '0', DATA_DIR: join(disk.path, 'data') };
  await disk.fill();
  const started = await runNexusd([], settings);
  assert.equal(started.code, 2, started.stderr);
  assert.match(started.stderr, /data directory .*data" (cannot be used: .*disk is full|.*No space left on device)/);
  await disk.makeRoom();
  const server = await startOn(t, disk);
  assert.equal((await server.createPanel(PANEL, { panelId: 'p' })).status, 201);
});

test('a disk that becomes read-only under the server: refused, readable, and whole after a repair', async (t) => {
  const disk = await Disk.make('ext4');
  const server = await startOn(t, disk);
  await server.createPanel(PANEL, { panelId: 'p' });
  await server.trigger('p', 'run', { text: 'kept' });
  await disk.fail();
  for (let i = 0; i < 3; ++i) {
    const refused = await server.trigger('p', 'run', { text: 'lost' });
    assert.deepEqual([refused.status, refused.json.error.code], [503, 'STORAGE_ERROR'], refused.text);
  }
  assert.equal((await server.get('/readyz')).status, 503);
  await until(async () => (await server.state('p'))?.text === 'kept', 'the return to what is stored');
  assert.equal((await server.get('/panels/p/history')).json.entries.length, 1, 'readers go on');
  await server.kill();
  await disk.repair();
  await server.restart();
  assert.deepEqual(await server.state('p'), { n: 1, text: 'kept' });
  assert.equal((await server.trigger('p', 'run', { text: 'on' })).json.returnValue, 2);
});

test('a start on a read-only disk says so and ends', async (t) => {
  const disk = await Disk.make('ext4');
  t.after(() => disk.remove());
  await disk.unmount();
  await disk.mount('ro');
  const started = await runNexusd([], { HTTP_PORT: '0', WS_PORT: '0', DATA_DIR: join(disk.path, 'data') });
  assert.equal(started.code, 2, started.stderr);
  assert.match(started.stderr, /data directory .*data" .*: Read-only file system/);
});

test('a cache that vanishes, or is torn, costs time only', async (t) => {
  const disk = await Disk.make('tmpfs');
  const cache = join(disk.path, 'cache');
  const server = await startOn(t, disk, { CACHE_DIR: cache });
  assert.equal((await server.createPanel(PANEL, { panelId: 'p' })).status, 201);
  await rm(cache, { recursive: true });
  assert.equal((await server.trigger('p', 'run', { text: 'a' })).json.returnValue, 1);
  assert.equal((await server.createPanel(panelWith('return "fresh";'), { panelId: 'q' })).status, 201);
  assert.equal((await server.trigger('q', 'run')).json.returnValue, 'fresh');
  await server.kill();
  await server.restart();
  const files = (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.ok(files.length > 0, 'the cache is filled anew');
  await server.kill();
  for (const [i, entry] of files.entries()) {
    const file = join(entry.path ?? cache, entry.name);
    if (i % 2) await truncate(file, (await stat(file)).size >> 1); else await writeFile(file, 'torn');
  }
  await server.restart();
  assert.equal((await server.trigger('p', 'run', { text: 'b' })).json.returnValue, 2);
  assert.equal((await server.trigger('q', 'run')).json.returnValue, 'fresh');
});

test('a log with a torn end gives what was acknowledged', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  await server.createPanel(PANEL, { panelId: 'p' });
  for (let i = 0; i < 5; ++i) await server.trigger('p', 'run', { text: String(i) });
  await server.kill();
  // Half a page of a commit that nobody was told of.
  await appendFile(join(server.dataDir, 'nexus.db-wal'), Buffer.alloc(2500, 0xa5));
  await server.restart();
  assert.deepEqual(await server.state('p'), { n: 5, text: '4' });
  assert.equal((await server.trigger('p', 'run', { text: 'on' })).json.returnValue, 6);
});
