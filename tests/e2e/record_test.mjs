// nexusd --record writes runs down, and nexus replay runs them again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { makeScratch, NEXUSD, panelWith, runNexusd, Server } from './server.mjs';

const SECRET = 'tok-77aa0b1c2d';
let directory;
let server;
let service;

before(async () => {
  directory = join(await makeScratch(), 'runs');
  service = createServer((request, response) => response.end(request.headers.authorization)).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const authority = `127.0.0.1:${service.address().port}`;
  const secrets = join(await makeScratch(), 'secrets.toml');
  await writeFile(secrets, `[key]\nvalue = "${SECRET}"\norigins = ["http://${authority}"]\n`);
  server = await Server.start({
    args: ['--record', directory],
    env: { HTTP_SECRETS_FILE: secrets, HTTP_ALLOW_PRIVATE_HOSTS: authority },
  });
});
after(async () => {
  await server.stop();
  service.close();
});

async function replay(file) {
  const child = spawn(join(dirname(NEXUSD), 'nexus'), ['replay', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (chunk) => { out += chunk; });
  child.stderr.on('data', (chunk) => { out += chunk; });
  const [code] = await once(child, 'close');
  return { code, out };
}

// The file of a panel's only run, once it is as long as `segments` need.
async function recordingOf(panel) {
  for (;;) {
    const name = (await readdir(directory)).find((candidate) => candidate.includes(`-${panel}-run-`));
    if (name) return join(directory, name);
    await delay(5);
  }
}
async function run(id, handler, logic = '') {
  const created = await server.createPanel(panelWith(handler, { logic }), { panelId: id });
  assert.equal(created.status, 201, created.text);
  return (await server.trigger(id, 'run')).json;
}

test('a run that waited is played again, step by step', async () => {
  const logic = '<Extension name="nexus.time" alias="time"/>';
  const result = await run('waits', `$state.n = Math.random(); $log('first', Date.now());
    await $ext.time.sleep(5); $state.n = $state.n + Math.random(); return [$state.n, Date.now()];`, logic);
  assert.equal(result.status, 'success');
  const file = await recordingOf('waits');
  let played;
  do played = await replay(file); while (!/segment 2/.test(played.out)); // the second part may not be written yet
  assert.equal(played.code, 0, played.out);
  for (const line of [/run \S+ of panel "waits", handler "run"/, /segment 1: starts/, /logs {3}info: first \d+/, /calls {2}time\.sleep\[5\]/,
    /segment 2: is answered null/, /the same as recorded/]) assert.match(played.out, line);
  assert.ok(played.out.includes(`  ends   ${JSON.stringify(result.returnValue)}`), played.out);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test('a run that met a limit meets it again', async () => {
  const result = await run('floods', 'for (let i = 0; ; i++) $emit("tick", [i, Math.random()]);');
  assert.equal(result.error.code, 'RESOURCE_LIMIT');
  const played = await replay(await recordingOf('floods'));
  assert.equal(played.code, 0, played.out);
  assert.match(played.out, /fails {2}RESOURCE_LIMIT: too many events/);
});

test('no secret is in the file, and the run is played without the network', async () => {
  const logic = '<Extension name="nexus.http" alias="http"/>';
  const target = `http://127.0.0.1:${service.address().port}/`;
  const result = await run('secretive', `return (await $ext.http.get('${target}', { headers: { Authorization: { secret: 'key' } } })).data;`, logic);
  assert.equal(result.returnValue, '[secret key]');
  const file = await recordingOf('secretive');
  let played;
  do played = await replay(file); while (!/segment 2/.test(played.out));
  assert.equal(played.code, 0, played.out);
  assert.ok(!(await readFile(file, 'latin1')).includes(SECRET));
});

test('a recording that was changed is refused or diverges', async () => {
  await run('changed', 'return 1 + 1;');
  const bytes = await readFile(await recordingOf('changed'));
  const copy = join(directory, 'copy');
  const text = bytes.toString('latin1');
  await writeFile(copy, Buffer.from(text.replace('return 1 + 1;', 'return 1 + 2;'), 'latin1'));
  const played = await replay(copy);
  assert.equal(played.code, 1, played.out);
  assert.match(played.out, /segment 1 DIVERGES/);
  await writeFile(copy, bytes.subarray(0, 20));
  assert.equal((await replay(copy)).code, 2);
  assert.equal((await replay(join(directory, 'none'))).code, 2);
});

test('a directory that cannot be used ends the start', async () => {
  const { code, stderr } = await runNexusd(['--record', '/proc/nexus'], { HTTP_PORT: 0, WS_PORT: 0, DATA_DIR: await makeScratch() });
  assert.equal(code, 2);
  assert.match(stderr, /RECORD_DIR: "\/proc\/nexus" cannot hold recordings/);
});
