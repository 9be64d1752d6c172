// The configuration of deploy/nginx, in a real nginx in front of a real nexusd, and compose.yaml around it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { NEXUSD, Server, freePort, makeScratch, panelWith } from '../e2e/server.mjs';
import { SECRET, bearer, token } from '../e2e/tokens.mjs';
import { WebSocketClient } from '../e2e/websocket.mjs';
import { NGINX, ROOT, readRoot, readSettings, readYaml, run } from './tools.mjs';

const START_DEADLINE_MS = 10000;

let scratch;
let server;
let nginx;
let port;
let base;

// As the image of nginx does: ${NAME} of its environment, and nothing else that looks like a variable.
async function fillTemplate(values) {
  const template = await readRoot('deploy/nginx/nexus.conf.template');
  return template.replace(/\$\{(\w+)\}/g, (_, name) => {
    assert.ok(name in values, `compose.yaml gives nginx no ${name}`);
    return values[name];
  });
}

async function startNginx(site) {
  const configuration = `
    daemon off; master_process off; worker_processes 1; pid ${scratch}/nginx.pid; error_log stderr warn;
    events { worker_connections 256; }
    http {
      access_log off; client_body_temp_path ${scratch}/body; proxy_temp_path ${scratch}/proxy;
      fastcgi_temp_path ${scratch}/fastcgi; uwsgi_temp_path ${scratch}/uwsgi; scgi_temp_path ${scratch}/scgi;
      ${site}
    }`;
  const file = join(scratch, 'nginx.conf');
  await writeFile(file, configuration);
  await run(NGINX, ['-t', '-q', '-e', 'stderr', '-p', scratch, '-c', file]);
  const child = spawn(NGINX, ['-e', 'stderr', '-p', scratch, '-c', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      await fetch(`${base}/livez`);
      return child;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline) throw error;
      await delay(20);
    }
  }
}

before(async () => {
  scratch = await makeScratch();
  // Three requests a second for each address: that of the client as nginx tells it, and not nginx's own.
  server = await Server.start({ env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, TRUSTED_PROXIES: '127.0.0.1', RATE_LIMIT_ADDRESS: '3' } });
  port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const { services } = await readYaml('deploy/compose.yaml');
  const values = {
    ...services.nginx.environment,
    NEXUS_HTTP: `127.0.0.1:${server.httpPort}`, NEXUS_WS: `127.0.0.1:${server.wsPort}`, LISTEN: `127.0.0.1:${port}`,
  };
  nginx = await startNginx(await fillTemplate(values));
});
after(async () => {
  if (nginx?.exitCode === null) {
    nginx.kill('SIGQUIT');
    await once(nginx, 'exit');
  }
  await server?.stop();
  await rm(scratch, { recursive: true, force: true });
});

function ask(path, { client = '192.0.2.1', ...options } = {}) {
  const headers = { ...bearer(token()).headers, 'x-forwarded-for': client, ...options.headers };
  return fetch(base + path, { ...options, headers });
}

function create(client, body, id) {
  return ask('/panels', { client, method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ source: body, panelId: id }) });
}

test('requests reach nexusd through nginx, and it sees the Host of the client', async () => {
  const created = await create('192.0.2.2', panelWith('return 1;'), 'through');
  assert.equal(created.status, 201);
  assert.equal(new URL((await created.json()).wsUrl).hostname, '127.0.0.1');
  const run = await ask('/panels/through/trigger/ok', { client: '192.0.2.2', method: 'POST' });
  assert.equal((await run.json()).returnValue, 1);
});

test('a WebSocket is opened through nginx and carries messages both ways', async () => {
  await create('192.0.2.3', panelWith('return 1;'), 'live');
  const headers = { ...bearer(token()).headers, 'x-forwarded-for': '192.0.2.3' };
  const client = await WebSocketClient.open(port, '/panels/live/ws', { headers });
  assert.equal((await client.next()).type, 'CONNECTED');
  client.send({ type: 'TRIGGER', tool: 'ok', args: {}, requestId: 'r' });
  const seen = await client.untilType('RESULT');
  assert.deepEqual(seen.map(({ type }) => type), ['PATCH', 'RESULT']);
  await client.close();
});

test('metrics are not served to the outside, probes are', async () => {
  assert.equal((await ask('/metrics')).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).status, 200);
  assert.equal((await ask('/readyz')).status, 200);
});

test('a body over BODY_LIMIT gets the answer of nexusd', async () => {
  const answer = await create('192.0.2.4', 'x'.repeat((1 << 20) + 1000), 'large');
  assert.equal(answer.status, 413);
  assert.equal((await answer.json()).error.code, 'PAYLOAD_TOO_LARGE');
});

test('the limit of requests counts the clients behind nginx one by one', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask('/panels', { client: '192.0.2.5' })));
  assert.ok(answers.some(({ status }) => status === 429), '60 requests at once of one client');
  assert.equal((await ask('/panels', { client: '192.0.2.6' })).status, 200);
});

test('compose.yaml mounts files that exist and gives nexusd settings that exist, as the image expects', async () => {
  const { services } = await readYaml('deploy/compose.yaml');
  for (const { volumes = [] } of Object.values(services)) {
    for (const volume of volumes.filter((text) => text.startsWith('.'))) {
      await access(join(ROOT, 'deploy', volume.split(':')[0]));
    }
  }
  const { nexus } = services;
  await access(join(ROOT, 'deploy', nexus.build.context, nexus.build.dockerfile));
  const settings = await readSettings(NEXUSD);
  for (const name of Object.keys(nexus.environment)) assert.ok(settings.has(name), name);
  assert.match(nexus.environment.JWT_SECRET, /^\$\{JWT_SECRET:\?/, 'the secret comes from outside or the start is refused');
  assert.equal(nexus.read_only, true);
  assert.deepEqual(nexus.cap_drop, ['ALL']);
  assert.ok(nexus.tmpfs[0].startsWith('/tmp/nexus-cache:') && nexus.volumes.includes('data:/data'));
});
