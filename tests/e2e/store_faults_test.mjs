// What users meet when the disk fails: a clear error, no acknowledgement, and nothing lost that had one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Server, panelWith, runNexusd } from './server.mjs';

const PANEL = panelWith('$state.text = $args.text; $state.n = $state.n + 1; return $state.n;', { state: '<State name="text" type="string"/>' })
  .replace('<Tool name="run">', '<Tool name="run"><Arg name="text"/>');

test('a write that the disk refuses is STORAGE_ERROR, the panel shows what is stored, and goes on when there is room', async (t) => {
  // No file may grow past 2 MB: to SQLite that is a disk that fails.
  const server = await Server.start({ shell: 'trap "" XFSZ; ulimit -S -f 4096', env: { LOG_LEVEL: 'warn' } });
  t.after(() => server.stop());
  assert.equal((await server.createPanel(PANEL, { panelId: 'p' })).status, 201);
  const client = await server.connect('p');
  let stored = 0;
  let refused;
  for (let i = 1; i <= 200 && !refused; ++i) {
    const answer = await server.trigger('p', 'run', { text: `${i}${'x'.repeat(100000)}` });
    if (answer.status === 200) stored = answer.json.returnValue; else refused = answer;
  }
  assert.equal(refused?.status, 503, refused?.text);
  assert.equal(refused.json.error.code, 'STORAGE_ERROR');
  const shown = async () => (await server.state('p')).n;
  for (let i = 0; i < 300 && (await shown()) !== stored; ++i) await delay(10);
  assert.equal(await shown(), stored, 'what was refused is not shown');
  assert.ok(client.messages.every(({ type, version }) => type !== 'PATCH' || version <= stored), 'nor was it sent');
  assert.equal((await server.get('/readyz')).status, 503);

  execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=unlimited:unlimited']);
  let answer;
  for (let i = 0; i < 300 && answer?.status !== 200; ++i) {
    answer = await server.trigger('p', 'run', { text: 'small' });
    await delay(10);
  }
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.returnValue, stored + 1);
  await server.kill();
  await server.restart();
  assert.deepEqual(await server.state('p'), { n: stored + 1, text: 'small' });
});

test('a damaged database is refused with its name, and left as it is', async (t) => {
  const server = await Server.start();
  t.after(() => server.stop());
  await server.createPanel(PANEL, { panelId: 'p' });
  for (let i = 0; i < 20; ++i) await server.trigger('p', 'run', { text: 'x'.repeat(5000) });
  await server.stop({ keep: true });
  const file = join(server.dataDir, 'nexus.db');
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(3000, 0xa5), 0, 3000, 4096);
  await handle.close();
  const damaged = await readFile(file);
  const started = await runNexusd([], { HTTP_PORT: '0', WS_PORT: '0', DATA_DIR: server.dataDir });
  assert.equal(started.code, 2);
  assert.match(started.stderr, /nexus\.db/);
  assert.match(started.stderr, /damaged/);
  assert.deepEqual(await readFile(file), damaged);
});
