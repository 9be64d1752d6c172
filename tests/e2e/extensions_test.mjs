// What handlers reach through `$ext`: requests with secrets, the panel's memory, people who decide.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { makeScratch, panelWith, Server } from './server.mjs';

const SECRET = 'tok-4f8a1c0d9e';
let service; // answers with what it was sent
let server;
const seen = [];

before(async () => {
  service = createServer((request, response) => {
    seen.push(request);
    if (request.url === '/away') return response.writeHead(302, { location: `http://localhost:${service.address().port}/` }).end();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url: request.url, token: request.headers.authorization ?? null }));
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const authority = `127.0.0.1:${service.address().port}`;
  const secrets = join(await makeScratch(), 'secrets.toml');
  await writeFile(secrets, `[github]\nvalue = "${SECRET}"\norigins = ["http://${authority}"]\n`);
  server = await Server.start({ env: {
    HTTP_SECRETS_FILE: secrets,
    HTTP_ALLOW_PRIVATE_HOSTS: `${authority},localhost:${service.address().port}`,
  } });
});
after(async () => {
  await server.stop();
  service.close();
  service.closeAllConnections?.();
});

const url = (path = '/') => `http://127.0.0.1:${service.address().port}${path}`;
async function create(id, handler, logic, more = {}) {
  const created = await server.createPanel(panelWith(handler, { logic }), { panelId: id, ...more });
  assert.equal(created.status, 201, created.text);
}
async function run(id, handler, logic, more) {
  await create(id, handler, logic, more);
  const { json, text } = await server.trigger(id, 'run');
  return { json, text };
}
const HTTP = '<Extension name="nexus.http" alias="http"/>';
const withSecret = (target) => `const { data } = await $ext.http.get('${target}',
  { headers: { Authorization: { secret: 'github', prefix: 'Bearer ' } } }); return data;`;

test('a secret reaches the server and never the handler, the answer or the log', async () => {
  const { json, text } = await run('secret', withSecret(url()), HTTP);
  assert.equal(seen.at(-1).headers.authorization, `Bearer ${SECRET}`);
  assert.deepEqual(json.returnValue, { url: '/', token: 'Bearer [secret github]' });
  assert.ok(!text.includes(SECRET));
  assert.ok(!server.log.includes(SECRET));
});

test('a redirect to another origin does not take the secret along', async () => {
  const { json } = await run('away', withSecret(url('/away')), HTTP);
  assert.deepEqual(json.returnValue, { url: '/', token: null });
});

test('a secret for another origin is refused, and the refusal is in the audit log', async () => {
  const { json } = await run('elsewhere', withSecret(`http://localhost:${service.address().port}/`), HTTP);
  assert.equal(json.error.code, 'PERMISSION_DENIED');
  assert.match(json.error.message, /secret "github" may not be sent to http:\/\/localhost/);
  assert.match(server.log, /warning panel=elsewhere handler=run run=\S+ denied call=http\.get message="secret/);
});

test('relative URLs stand below the base of the document or of the request', async () => {
  const handler = "return (await $ext.http.get('/users')).data.url;";
  const logic = `<Extension name="nexus.http" alias="http" baseURL="${url('/v1')}"/>`;
  assert.equal((await run('based', handler, logic)).json.returnValue, '/v1/users');
  const extensions = { http: { baseURL: url('/v2/') } };
  assert.equal((await run('rebased', handler, logic, { extensions })).json.returnValue, '/v2/users');
  const wrong = await server.createPanel(panelWith(handler, { logic }), { extensions: { http: { baseURL: 'ftp://x' } } });
  assert.equal(wrong.status, 422);
  assert.match(wrong.json.error.details.diagnostics[0].message, /baseURL must be an http or https URL/);
  const unknown = await server.createPanel(panelWith(handler, { logic }), { extensions: { https: {} } });
  assert.match(unknown.json.error.message, /declares no extension with the alias "https"/);
});

test('nexus.kv remembers for its panel and for no other', async () => {
  const kv = '<Extension name="nexus.kv" alias="kv"/>';
  const handler = "const n = ((await $ext.kv.get('n')) ?? 0) + 1; await $ext.kv.set('n', n); return n;";
  await create('memory', handler, kv);
  await create('other', handler, kv);
  for (const expected of [1, 2, 3]) assert.equal((await server.trigger('memory', 'run')).json.returnValue, expected);
  assert.equal((await server.trigger('other', 'run')).json.returnValue, 1);
  assert.equal((await server.request('DELETE', '/panels/memory')).status, 204);
  await create('memory', handler, kv);
  assert.equal((await server.trigger('memory', 'run')).json.returnValue, 1, 'a new panel of the same id starts empty');
});

const APPROVAL = '<Extension name="nexus.approval" alias="approval"/>';
const ask = (more = '') => `try { return await $ext.approval.request({ title: 'Launch?', data: { n: 1 }${more} }); }
  catch (error) { return error.code; }`;
const decide = (panel, id, body) =>
  server.request('POST', `/panels/${panel}/approvals/${id}`, { body: JSON.stringify(body), type: 'application/json' });
const listed = async (panel) => (await server.get(`/panels/${panel}/approvals`)).json.approvals;

test('an approval waits until it is answered, and every client hears of it', async () => {
  await create('launch', ask(), APPROVAL);
  const asking = await server.connect('launch');
  const watching = await server.connect('launch');
  asking.send({ type: 'TRIGGER', tool: 'run', requestId: 'r' });
  const [plain] = await asking.untilType('PROGRESS');
  assert.deepEqual(plain.calls.map(({ extension, progress }) => [extension, progress]), [['approval', undefined]]);
  const detailed = (await asking.untilType('PROGRESS')).at(-1);
  const [approval] = await listed('launch');
  assert.deepEqual(detailed.calls[0].progress, approval);
  assert.equal(approval.title, 'Launch?');
  assert.equal(approval.deadline - approval.requestedAt, 7 * 86400 * 1000);
  const opened = (await watching.untilType('EVENT')).at(-1).event;
  assert.deepEqual([opened.name, opened.payload], ['system:approval', { ...approval, status: 'open' }]);

  assert.equal((await decide('launch', approval.id, {})).status, 422);
  assert.equal((await decide('launch', approval.id, { approved: true, by: 'me' })).status, 422);
  assert.equal((await decide('launch', 'another', { approved: true })).status, 404);
  const decided = await decide('launch', approval.id, { approved: true, comment: 'go' });
  assert.equal(decided.status, 200, decided.text);
  const { result } = (await asking.untilType('RESULT')).at(-1);
  assert.deepEqual(result.returnValue, decided.json);
  assert.deepEqual([decided.json.approved, decided.json.by, decided.json.comment], [true, 'anonymous', 'go']);
  assert.equal((await watching.untilType('EVENT')).at(-1).event.payload.status, 'approved');
  assert.deepEqual(await listed('launch'), []);

  assert.deepEqual((await decide('launch', approval.id, { approved: true })).json, decided.json, 'a repetition is no second answer');
  const conflict = await decide('launch', approval.id, { approved: false });
  assert.deepEqual([conflict.status, conflict.json.error.code], [409, 'CONFLICT']);
  await asking.close();
  await watching.close();
});

test('an approval that nobody answers in its time fails, and the handler can catch it', async () => {
  const { json } = await run('late', ask(', timeoutMs: 1000'), APPROVAL);
  assert.equal(json.returnValue, 'TIMEOUT');
  assert.deepEqual(await listed('late'), []);
});

test('an approval goes when its panel goes', async () => {
  await create('gone', ask(), APPROVAL);
  const pending = server.trigger('gone', 'run');
  while ((await listed('gone')).length === 0) await delay(5);
  assert.equal((await server.request('DELETE', '/panels/gone')).status, 204);
  assert.equal((await pending).json.error.code, 'CANCELLED');
  await create('gone', ask(), APPROVAL);
  assert.deepEqual(await listed('gone'), []);
});

async function crash() {
  await server.kill();
  await server.restart();
}

test('an approval waits over a crash with its id and deadline, and its answer wakes the run', async () => {
  await create('survivor', "const { approved } = await $ext.approval.request({ title: 'Go on?' }); $state.n = approved ? 5 : 6;", APPROVAL);
  const lost = server.trigger('survivor', 'run').catch(() => {});
  let before;
  while (!(before = await listed('survivor')).length) await delay(5);
  await crash();
  await lost;
  assert.deepEqual(await listed('survivor'), before);
  assert.equal((await decide('survivor', before[0].id, { approved: true })).status, 200);
  while ((await server.state('survivor')).n !== 5) await delay(5);
  await crash();
  assert.deepEqual([await listed('survivor'), (await server.state('survivor')).n], [[], 5]);
});

test('a decision that was acknowledged is not asked for again after a crash', async () => {
  await create('decided', "const { approved } = await $ext.approval.request({ title: 'Sure?' }); $state.n = approved ? 5 : 6;", APPROVAL);
  const lost = server.trigger('decided', 'run').catch(() => {});
  let waiting;
  while (!(waiting = await listed('decided')).length) await delay(5);
  assert.equal((await decide('decided', waiting[0].id, { approved: true })).status, 200);
  await crash();
  await lost;
  assert.deepEqual(await listed('decided'), []);
  while ((await server.state('decided')).n !== 5) await delay(5);
});

test('what nexus.kv was told is there after a crash, and the settings of extensions too', async () => {
  const logic = `<Extension name="nexus.kv" alias="kv"/>${HTTP}`;
  const handler = `const n = ((await $ext.kv.get('n')) ?? 0) + 1; await $ext.kv.set('n', n);
    return [n, (await $ext.http.get('/x')).data.url];`;
  await create('keeper', handler, logic, { extensions: { http: { baseURL: url('/kept') } } });
  assert.deepEqual((await server.trigger('keeper', 'run')).json.returnValue, [1, '/kept/x']);
  await crash();
  assert.deepEqual((await server.trigger('keeper', 'run')).json.returnValue, [2, '/kept/x']);
});
