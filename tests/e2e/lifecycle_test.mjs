// What an operator does to a running server: stop, hurry, reload, ask for its health, look at its second wall.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { ROOT, Server, freePort, makeScratch, panelWith, runNexusd } from './server.mjs';
import { token } from './tokens.mjs';

const scratch = await makeScratch();
after(() => rm(scratch, { recursive: true, force: true }));

// Runs `body` with a server that is gone afterwards, whatever happens; it must end with 0.
async function withServer(options, body) {
  const server = await Server.start(options);
  try {
    await body(server);
  } finally {
    assert.equal(await server.stop(), 0);
  }
}

function withSleeper(ms, env, body) {
  const source = panelWith(`await $ext.time.sleep(${ms}); return "slept";`,
    { logic: '<Extension name="nexus.time" alias="time"/>' });
  return withServer({ env }, async (server) => {
    const made = await server.createPanel(source, { panelId: 'sleeper' });
    assert.equal(made.status, 201, made.text);
    await body(server);
  });
}

// A run of the panel that has begun to sleep.
async function begunRun(server) {
  const run = server.trigger('sleeper', 'run');
  while ((await server.get('/panels/sleeper')).json.status !== 'suspended');
  return { run };
}

test('a stop lets a run under way finish, and its client hears the result', () => withSleeper(400, {}, async (server) => {
  const { run } = await begunRun(server);
  server.signal('SIGTERM');
  assert.equal((await run).status, 200);
}));

test('readiness goes first: connections are accepted and served for DRAIN_DELAY_MS more', () =>
  withServer({ env: { DRAIN_DELAY_MS: '10000' } }, async (server) => {
    server.signal('SIGTERM');
    await server.logged(/the server is stopping/);
    const ready = await server.get('/readyz');
    assert.equal(ready.status, 503);
    assert.match(ready.text, /shutting down/);
    assert.equal((await server.get('/livez')).status, 200);
    assert.equal((await server.get('/panels')).status, 200);
    // stop() sends the second signal, which ends the delay.
  }));

test('what is not finished by the deadline is answered 503, and the server ends with 0', () =>
  withSleeper(30000, { DRAIN_TIMEOUT_MS: '100' }, async (server) => {
    const client = await server.connect('sleeper');
    const { run } = await begunRun(server);
    server.signal('SIGTERM');
    const answer = await run;
    assert.equal(answer.status, 503);
    assert.ok(answer.headers.get('retry-after'));
    assert.equal(await client.waitForClose(), 1001);
  }));

test('a second signal hurries', () => withSleeper(60000, { DRAIN_TIMEOUT_MS: '60000' }, async (server) => {
  const { run } = await begunRun(server);
  server.signal('SIGTERM');
  await server.logged(/the server is stopping/);
  server.signal('SIGTERM');
  assert.equal((await run).status, 503);
  assert.equal(await server.ended(), 0);
}));

test('clients are told when to come back', () => withSleeper(1, {}, async (server) => {
  const client = await server.connect('sleeper');
  server.signal('SIGTERM');
  assert.equal(await client.waitForClose(), 1001);
  const wait = Number(/reconnect in (\d+) ms/.exec(client.closeReason)[1]);
  assert.ok(wait >= 500 && wait < 4500, `${wait}`);
}));

test('SIGHUP takes over what may change, names what may not, and keeps all of it when something is wrong', async () => {
  const config = join(scratch, 'reload.toml');
  const secrets = ['e2e-0123456789abcdef-0123456789abcdef', 'another-secret-of-more-than-32-bytes'];
  const write = (text) => writeFile(config, `auth_enabled = true\n${text}\n`);
  await write(`jwt_secret = "${secrets[0]}"`);
  await withServer({ args: ['--config', config] }, async (server) => {
    const asAnn = { headers: { authorization: `Bearer ${token()}` } };
    const asForeignHost = (host) => new Promise((resolve, reject) => {
      get({ port: server.httpPort, path: '/panels', headers: { host, ...asAnn.headers } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
    assert.equal((await server.request('GET', '/panels', asAnn)).status, 200);
    assert.equal(await asForeignHost('panels.example'), 403);

    await write(`jwt_secret = "${secrets[0]}"\nallowed_hosts = ["panels.example"]\nmax_panels = 7\nlog_level = "debug"`);
    server.signal('SIGHUP');
    await server.logged(/SIGHUP: settings and keys are read anew; changed: LOG_LEVEL, ALLOWED_HOSTS/);
    assert.match(server.log, /SIGHUP: MAX_PANELS, MAX_PANELS_PER_WORKSPACE changed and will be used from the next start on/);
    assert.equal(await asForeignHost('panels.example'), 200);
    await server.logged(/debug http GET/);

    await write(`jwt_secret = "${secrets[0]}"\nlog_level = "loud"`);
    server.signal('SIGHUP');
    await server.logged(/SIGHUP: LOG_LEVEL.*"loud".*nothing has changed/);
    assert.equal(await asForeignHost('panels.example'), 200);

    await write(`jwt_secret = "${secrets[1]}"\nlog_level = "debug"`);
    server.signal('SIGHUP');
    await server.logged(/changed: JWT_SECRET/);
    assert.equal((await server.request('GET', '/panels', asAnn)).status, 401);
    assert.doesNotMatch(server.log, new RegExp(secrets[1]));
  });
});

test('--healthcheck ends with 0 when the server is ready, and with 1 and the reason when not', async () => {
  const env = { HTTP_PORT: `${await freePort()}`, WS_PORT: `${await freePort()}` };
  const before = await runNexusd(['--healthcheck'], env);
  assert.equal(before.code, 1);
  assert.match(before.stderr, /readyz/);
  await withServer({ env }, async () => {
    assert.deepEqual(await runNexusd(['--healthcheck'], env), { code: 0, signal: null, stdout: '', stderr: '' });
  });
});

// The /health of a server says what the kernel lacks; where it lacks something, this test says so.
test('the second wall stands in the real process, and everything works behind it', async (t) => {
  const site = createServer((request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const { port } = site.address();
  const env = { HTTP_ALLOW_PRIVATE_HOSTS: `localhost:${port}`, TIMEOUT_MS: '200' };
  await withServer({ env }, async (server) => {
    const { sandbox } = (await server.get('/health')).json;
    assert.equal(sandbox.mode, 'strict');
    if (sandbox.missing.length > 0) return t.skip(`here: ${sandbox.missing.join('; ')}`);
    assert.deepEqual([sandbox.noNewPrivs, sandbox.seccomp], [true, true]);
    assert.ok(sandbox.landlock >= 1);

    // A name, which the resolver looks up in the system's files; and a run that only the signal can stop.
    const source = panelWith(`const answer = await $ext.http.get('http://localhost:${port}/'); return answer.data;`,
      { logic: `<Extension name="nexus.http" alias="http"/>
        <Tool name="spin"><Handler>while (true);</Handler></Tool>
        <Tool name="scan"><Handler>/(a+)+$/.exec("a".repeat(40) + "b");</Handler></Tool>` });
    assert.equal((await server.createPanel(source, { panelId: 'walled' })).status, 201);
    const fetched = (await server.trigger('walled', 'run')).json;
    assert.deepEqual([fetched.status, fetched.returnValue], ['success', 'hello'], JSON.stringify(fetched));
    for (const tool of ['spin', 'scan'])
      assert.equal((await server.trigger('walled', tool)).json.error.code, 'TIMEOUT');

    // A thread that comes to its end meanwhile is none: before its file is opened, or before it is read.
    const statusOf = (task) => readFile(`/proc/${server.pid}/task/${task}/status`, 'utf8')
      .catch((error) => assert.match(error.code, /^(ENOENT|ESRCH)$/));
    const tasks = await readdir(`/proc/${server.pid}/task`);
    const statuses = (await Promise.all(tasks.map(statusOf))).filter((status) => status !== undefined);
    assert.ok(statuses.length > 3, `only ${statuses.length} threads`);
    for (const status of statuses) {
      assert.match(status, /^NoNewPrivs:\t1$/m);
      assert.match(status, /^Seccomp:\t2$/m);
    }
  }).finally(() => site.close());
});

test('SANDBOX=off leaves the wall down and says so', () => withServer({ args: ['--sandbox', 'off'] }, async (server) => {
  assert.equal((await server.get('/health')).json.sandbox.mode, 'off');
  assert.match(server.log, /SANDBOX=off/);
  assert.match(await readFile(`/proc/${server.pid}/status`, 'utf8'), /^Seccomp:\t0$/m);
}));

test('the systemd unit is hardened and lets nexusd do what it needs', async (t) => {
  const path = join(ROOT, 'deploy', 'systemd', 'nexusd.service');
  const unit = await readFile(path, 'utf8');
  for (const line of ['NoNewPrivileges=yes', 'ProtectSystem=strict', 'CapabilityBoundingSet=', 'DynamicUser=yes', 'UMask=0077',
    'MemoryDenyWriteExecute=yes', 'SystemCallArchitectures=native', 'RestrictNamespaces=yes', 'StateDirectory=nexus'])
    assert.ok(unit.split('\n').includes(line), line);
  assert.match(unit, /^SystemCallFilter=.*seccomp.*landlock_restrict_self/m);
  assert.match(unit, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
  try {
    // Fails when the exposure is above 2.0 of 10.
    await promisify(execFile)('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', path]);
  } catch (error) {
    if (error.code !== 'ENOENT') throw new Error(`systemd-analyze: ${error.stdout}${error.stderr}`);
    t.diagnostic('systemd-analyze is not here: only the lines above were checked');
  }
});
