// Starts that must fail: one line on standard error, exit code 2.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Server, freePort, makeScratch, runNexusd } from './server.mjs';

let scratch;
let settings;

before(async () => {
  scratch = await makeScratch();
  settings = {
    HTTP_PORT: `${await freePort()}`,
    WS_PORT: `${await freePort()}`,
    DATA_DIR: join(scratch, 'data'),
    CACHE_DIR: join(scratch, 'cache'),
  };
});
after(() => rm(scratch, { recursive: true, force: true }));

function assertRefused({ code, signal, stderr }, pattern) {
  assert.equal(signal, null, `ended by ${signal}: ${stderr}`);
  assert.equal(code, 2, stderr);
  const lines = stderr.split('\n').filter((line) => line !== '');
  assert.equal(lines.length, 1, `one line, got: ${stderr}`);
  assert.match(lines[0], pattern);
}

for (const port of ['HTTP_PORT', 'WS_PORT']) {
  test(`${port} in use is named`, async () => {
    const holder = createServer().listen(Number(settings[port]), '127.0.0.1');
    await once(holder, 'listening');
    try {
      assertRefused(await runNexusd([], settings), new RegExp(`${settings[port]}.*in use|in use.*${settings[port]}`));
    } finally {
      holder.close();
    }
  });
}

test('a data directory that cannot be made or written is named', async () => {
  const file = join(scratch, 'a-file');
  await writeFile(file, '');
  assertRefused(await runNexusd([], { ...settings, DATA_DIR: join(file, 'data') }), /a-file/);
});

test('a data directory without write permission is named', { skip: process.getuid() === 0 && 'root may write anywhere' }, async () => {
  const locked = join(scratch, 'locked');
  await mkdir(locked);
  await chmod(locked, 0o555);
  assertRefused(await runNexusd([], { ...settings, DATA_DIR: locked }), /locked/);
});

test('a cache key that is missing or too short is named', async () => {
  const short = join(scratch, 'short-key');
  await writeFile(short, 'only a few bytes\n');
  for (const path of [short, join(scratch, 'no-key')])
    assertRefused(await runNexusd([], { ...settings, CACHE_KEY_FILE: path }), /CACHE_KEY_FILE.*-key.*32 bytes/);
});

test('a cache directory that cannot be used is a warning, and the server runs', async () => {
  const file = join(scratch, 'no-directory');
  await writeFile(file, '');
  const server = await Server.start({ env: { CACHE_DIR: join(file, 'cache') } });
  try {
    assert.match(server.log, /cache directory .*no-directory.* cannot be used/);
  } finally {
    await server.stop();
  }
});

const BAD_SETTINGS = [
  ['HTTP_PORT', 'abc', /HTTP_PORT.*abc/],
  ['HTTP_PORT', '70000', /HTTP_PORT.*70000.*65535/],
  ['WS_PORT', '-1', /WS_PORT.*-1/],
  ['TIMEOUT_MS', '5', /TIMEOUT_MS.*5.*100/],
  ['MEMORY_LIMIT_MB', '0', /MEMORY_LIMIT_MB.*0.*1/],
  ['LOG_LEVEL', 'loud', /LOG_LEVEL.*loud/],
];

for (const [name, value, pattern] of BAD_SETTINGS) {
  test(`${name}=${value} is refused with the variable, the value and the range`, async () => {
    assertRefused(await runNexusd([], { ...settings, [name]: value }), pattern);
  });
}

test('an unknown option is refused', async () => {
  assertRefused(await runNexusd(['--no-such-option'], settings), /no-such-option/);
});

test('a folder of panels that is not there is refused', async () => {
  assertRefused(await runNexusd(['--panels', join(scratch, 'nowhere')], settings), /nowhere/);
});

test('a panel file that is wrong is reported with its position and does not stop the others', async () => {
  const panels = join(scratch, 'panels');
  await mkdir(panels);
  await writeFile(join(panels, 'good.nxml'), '<NexusPanel id="good" title="Good"><View><Text content="hi"/></View></NexusPanel>');
  await writeFile(join(panels, 'wrong.nxml'), '<NexusPanel id="wrong" title="Wrong">\n  <Data>\n</NexusPanel>');
  const server = await Server.start({ panels });
  try {
    assert.deepEqual((await server.get('/panels')).json.panels.map(({ id }) => id), ['good']);
    assert.match(server.log, /wrong\.nxml/);
  } finally {
    assert.equal(await server.stop(), 0);
  }
});

test('--help and --version answer and end with 0', async () => {
  const help = await runNexusd(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--panels/);
  const version = await runNexusd(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /\d+\.\d+\.\d+/);
});
