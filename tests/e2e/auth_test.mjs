// The real nexusd with AUTH_ENABLED=true: who may do what, as docs/SECURITY.md says.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { NEXUSD, ROOT, Server, makeScratch, panelWith, runNexusd } from './server.mjs';
import { ALL, KeyServer, SECRET, bearer, makeKey, token } from './tokens.mjs';
import { WebSocketClient } from './websocket.mjs';

const NEXUS = join(dirname(NEXUSD), 'nexus');
const AUTH = { AUTH_ENABLED: 'true', JWT_SECRET: SECRET };
const PANEL = panelWith('return 1;');
const ann = token();
const eve = token({ sub: 'eve', workspace: 'w2' });

let server;
let scratch;

before(async () => {
  scratch = await makeScratch();
  const panels = join(scratch, 'panels');
  await mkdir(panels);
  await writeFile(join(panels, 'given.nxml'), PANEL.replace('<NexusPanel', '<NexusPanel id="given"'));
  server = await Server.start({ panels, env: { ...AUTH, WORKSPACE_ID: 'w1', LOG_LEVEL: 'debug' } });
});
after(async () => {
  await server?.stop();
  await rm(scratch, { recursive: true, force: true });
});

function as(who, method, path, { body, type = 'application/json' } = {}) {
  return server.request(method, path, { body, ...(body ? { type } : {}), ...bearer(who) });
}
async function createPanel(who, id) {
  const answer = await as(who, 'POST', '/panels', { body: JSON.stringify({ source: PANEL, panelId: id }) });
  assert.equal(answer.status, 201, answer.text);
}
async function ticket(who, body) {
  const answer = await as(who, 'POST', '/auth/ws-ticket', { body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.ticket;
}
function open(path, headers = {}) {
  return WebSocketClient.open(server.wsPort, path, { headers });
}
// The status that refuses an upgrade.
function refusal(path, headers) {
  return open(path, headers).then(() => 101, (error) => error.status);
}

// Every route that the description of the API has, with what it says of permissions.
const { paths } = JSON.parse(readFileSync(join(ROOT, 'protocol/openapi.json'), 'utf8'));
const METHODS = ['get', 'post', 'put', 'delete'];
const FILLED = { id: 'given', tool: 'run', approval: 'none', execution: 'none', path: 'none.js' };
const BODIES = { '/panels': { body: PANEL, type: 'application/xml' }, '/check': { body: PANEL, type: 'application/xml' } };

for (const [pattern, operations] of Object.entries(paths)) {
  for (const name of METHODS.filter((each) => each in operations)) {
    const method = name.toUpperCase();
    const permission = operations[name].security?.[0].bearer[0];
    const path = method === 'DELETE' ? '/panels/matrix' : pattern.replace(/\{(\w+)\}/g, (_, key) => FILLED[key]);
    const request = method === 'POST' ? BODIES[path] ?? {} : {};
    if (permission === undefined) {
      test(`${method} ${pattern} asks for no token`, async () => {
        const { status } = await server.request(method, path, request);
        assert.ok(![401, 403].includes(status), `${status}`);
      });
      continue;
    }
    if (pattern.endsWith('/ws')) {
      test(`a socket needs ${permission}`, async () => {
        const others = token({ permissions: ALL.filter((word) => word !== permission) });
        assert.equal(await refusal(path), 401);
        assert.equal(await refusal(path, bearer(others).headers), 403);
        assert.equal(await refusal(path, bearer(token({ permissions: [permission] })).headers), 101);
      });
      continue;
    }
    test(`${method} ${pattern} needs ${permission}`, async () => {
      if (method === 'DELETE') await createPanel(ann, 'matrix');
      const without = await server.request(method, path, request);
      assert.equal(without.status, 401);
      assert.equal(without.headers.get('www-authenticate'), 'Bearer realm="nexus"');
      const others = ALL.filter((word) => word !== permission);
      const forbidden = await as(token({ permissions: others }), method, path, request);
      assert.equal(forbidden.status, 403);
      assert.equal(forbidden.json.error.code, 'FORBIDDEN');
      const { status, text } = await as(token({ permissions: [permission] }), method, path, request);
      assert.ok(![401, 403].includes(status), text);
    });
  }
}

test('probes, metrics and unknown paths ask for no token', async () => {
  for (const path of ['/health', '/livez', '/readyz', '/metrics']) assert.equal((await server.get(path)).status, 200, path);
  assert.equal((await server.get('/nowhere')).status, 404);
});

test('two workspaces do not see each other', async () => {
  await createPanel(eve, 'hers');
  for (const path of ['/panels/given', '/panels/given/state', '/panels/given/ast'])
    assert.equal((await as(eve, 'GET', path)).status, 404, path);
  assert.equal((await as(eve, 'POST', '/panels/given/trigger/run')).status, 404);
  assert.equal((await as(eve, 'DELETE', '/panels/given')).status, 404);
  assert.equal((await as(eve, 'POST', '/auth/ws-ticket', { body: '{"panel":"given"}' })).status, 404);
  assert.deepEqual((await as(eve, 'GET', '/panels')).json.panels.map(({ id }) => id), ['hers']);
  assert.ok((await as(ann, 'GET', '/panels')).json.panels.every(({ id }) => id !== 'hers'));
  assert.equal(await refusal('/panels/given/ws', { Authorization: `Bearer ${eve}` }), 404);
  const admin = token({ workspace: 'operators', permissions: ['admin'] });
  assert.equal((await as(admin, 'GET', '/panels/hers')).status, 200);
  assert.equal((await as(admin, 'GET', '/panels/given')).status, 200);
});

test('a socket opens with the header, the subprotocol or a ticket, and with nothing else', async () => {
  const byHeader = await open('/panels/given/ws', { Authorization: `Bearer ${ann}` });
  assert.equal((await byHeader.next()).type, 'CONNECTED');
  const byProtocol = await open('/panels/given/ws', { 'Sec-WebSocket-Protocol': `nexus.bearer.${ann}, nexus.v1.json` });
  assert.doesNotMatch(byProtocol.head, /bearer/);
  const byTicket = await open(`/panels/given/ws?ticket=${await ticket(ann)}`);
  byTicket.send({ type: 'TRIGGER', tool: 'run', requestId: 'a' });
  assert.equal((await byTicket.untilType('RESULT')).at(-1).result.returnValue, 1);
  for (const socket of [byHeader, byProtocol, byTicket]) await socket.close();
  assert.equal(await refusal('/panels/given/ws', {}), 401);
  assert.equal(await refusal(`/panels/given/ws?token=${ann}`, {}), 401);
});

test('a ticket works once, and for its panel only', async () => {
  const once = await ticket(ann);
  await (await open(`/panels/given/ws?ticket=${once}`)).close();
  assert.equal(await refusal(`/panels/given/ws?ticket=${once}`), 401);
  await createPanel(ann, 'other');
  const bound = await ticket(ann, { panel: 'other' });
  await assert.rejects(open(`/panels/given/ws?ticket=${bound}`), { status: 401 });
  await (await open(`/panels/other/ws?ticket=${await ticket(ann, { panel: 'other' })}`)).close();
});

test('a socket closes with 4401 when its token expires', async () => {
  const socket = await open(`/panels/given/ws?ticket=${await ticket(token({ seconds: 2 }))}`);
  assert.equal((await socket.next()).type, 'CONNECTED');
  assert.equal(await socket.waitForClose(), 4401);
  assert.equal((await as(token({ seconds: -1 }), 'GET', '/panels')).status, 401);
});

test('without panel:execute a socket only watches', async () => {
  const socket = await open('/panels/given/ws', { Authorization: `Bearer ${token({ permissions: ['panel:read'] })}` });
  await socket.next();
  for (const message of [{ type: 'TRIGGER', tool: 'run', requestId: 'a' }, { type: 'SET', path: ['n'], value: 9, requestId: 'b' }]) {
    socket.send(message);
    const answer = await socket.next();
    assert.deepEqual([answer.type, answer.code, answer.requestId], ['ERROR', 'FORBIDDEN', message.requestId]);
  }
  await socket.close();
});

test('the log names the actor and no secret', async () => {
  await (await open(`/panels/given/ws?ticket=${await ticket(ann)}`)).close();
  await as('not-a-token-but-secret', 'GET', '/panels');
  await as(ann, 'POST', '/panels/given/trigger/run');
  assert.match(server.log, /audit actor=ann workspace=w1 .*method=POST route=\/panels\/\{id\}\/trigger\/\{tool\} panel=given status=200/);
  assert.match(server.log, /audit actor=- .*status=401/);
  for (const secret of [SECRET, ann, eve, ann.split('.')[2], 'not-a-token-but-secret', 'ticket='])
    assert.ok(!server.log.includes(secret), `the log has ${secret}`);
});

test('an identity that asks too often gets 429 with Retry-After', async () => {
  const limited = await Server.start({ env: { ...AUTH, RATE_LIMIT_IDENTITY: '1' } });
  try {
    const answers = await Promise.all(Array.from({ length: 20 }, () => limited.request('GET', '/panels', bearer(ann))));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0);
    assert.equal(refused[0].headers.get('retry-after'), '1');
    assert.equal(refused[0].json.error.code, 'RESOURCE_LIMIT');
    assert.equal((await limited.get('/livez')).status, 200);
  } finally {
    await limited.stop();
  }
});

test('keys rotate at their URL, and stay while it is down', async () => {
  const provider = await KeyServer.start();
  const [old, next] = [makeKey('RS256', 'old'), makeKey('ES256', 'next')];
  provider.keys = [old, makeKey('EdDSA', 'ed')];
  const rotating = await Server.start({ env: { AUTH_ENABLED: 'true', JWT_JWKS_URL: provider.url, JWT_JWKS_REFRESH_MS: '1000' } });
  const status = async (text) => (await rotating.request('GET', '/panels', bearer(text))).status;
  try {
    assert.equal(await status(old.token()), 200);
    assert.equal(await status(provider.keys[1].token()), 200);
    assert.equal(await status(ann), 401, 'there is no secret');
    provider.keys = [next];
    // Unknown at first; the server asks again at most once a second.
    const deadline = Date.now() + 20000;
    while ((await status(next.token())) !== 200) assert.ok(Date.now() < deadline, 'the new key never came');
    assert.equal(await status(old.token({ sub: 'bob' })), 401, 'the old key is gone');
    provider.status = 500;
    const asked = provider.requests;
    while (provider.requests === asked) {
      assert.equal(await status(makeKey('EdDSA', 'unknown').token()), 401);
      assert.ok(Date.now() < deadline, 'the server did not ask again');
    }
    assert.equal(await status(next.token()), 200);
    assert.match(rotating.log, /the keys in use stay: it answered 500/);
  } finally {
    await rotating.stop();
    await provider.stop();
  }
});

test('a key set may be a file', async () => {
  const key = makeKey('EdDSA', 'file');
  const file = join(scratch, 'keys.json');
  await writeFile(file, JSON.stringify({ keys: [key.jwk] }));
  const fromFile = await Server.start({ env: { AUTH_ENABLED: 'true', JWT_JWKS_FILE: file, JWT_ISSUER: 'https://id.test', JWT_AUDIENCE: 'nexus' } });
  const status = async (text) => (await fromFile.request('GET', '/panels', bearer(text))).status;
  try {
    assert.equal(await status(key.token({ iss: 'https://id.test', aud: ['nexus'] })), 200);
    assert.equal(await status(key.token({ iss: 'https://id.test' })), 401);
    assert.equal(await status(key.token({ iss: 'https://other.test', aud: 'nexus' })), 401);
  } finally {
    await fromFile.stop();
  }
});

const REFUSED_STARTS = [
  ['no key at all', { AUTH_ENABLED: 'true' }, /JWT_SECRET.*32 bytes/],
  ['a short secret', { AUTH_ENABLED: 'true', JWT_SECRET: 'short' }, /JWT_SECRET.*5 bytes.*32/],
  ['a placeholder', { AUTH_ENABLED: 'true', JWT_SECRET: 'change-me-change-me-change-me-change-me' }, /JWT_SECRET.*placeholder/],
  ['a key file that is none', { AUTH_ENABLED: 'true', JWT_JWKS_FILE: '/dev/null' }, /JWT_JWKS_FILE.*not a JWK Set/],
  ['an exposed host without authentication', { HOST: '0.0.0.0' }, /HOST.*0\.0\.0\.0.*AUTH_ENABLED/],
];
for (const [what, env, pattern] of REFUSED_STARTS) {
  test(`nexusd does not start with ${what}`, async () => {
    const { code, stderr } = await runNexusd([], { HTTP_PORT: '0', WS_PORT: '0', DATA_DIR: join(scratch, 'refused'), ...env });
    assert.equal(code, 2, stderr);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.match(stderr, pattern);
  });
}

test('nexus token mints what nexusd accepts, and prints nothing else', async () => {
  const run = promisify(execFile);
  const env = { PATH: process.env.PATH, JWT_SECRET: SECRET };
  const { stdout, stderr } = await run(NEXUS, ['token', '--sub', 'dev', '--workspace', 'w1', '--permission', 'panel:read'], { env });
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assert.equal(stderr, '');
  assert.equal((await as(stdout.trim(), 'GET', '/panels/given')).status, 200);
  assert.equal((await as(stdout.trim(), 'DELETE', '/panels/given')).status, 403);
  for (const [args, secret] of [[['token'], undefined], [['token'], 'short'], [['token', '--permission', 'root'], SECRET]])
    await assert.rejects(run(NEXUS, args, { env: { PATH: process.env.PATH, ...(secret ? { JWT_SECRET: secret } : {}) } }), { code: 2 });
});
