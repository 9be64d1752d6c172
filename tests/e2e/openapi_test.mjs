// GET /openapi.json, and what the other tests' contract check stands on.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { checkAnswer, checkClientMessage, checkServerMessage } from './contract.mjs';
import { ROOT, Server, panelWith } from './server.mjs';

const FIXTURES = join(ROOT, 'protocol', 'fixtures');

let server;

before(async () => { server = await Server.start(); });
after(() => server.stop());

test('the server describes itself with the document of its source tree', async () => {
  const answer = await server.get('/openapi.json');
  assert.equal(answer.json.openapi, '3.1.0');
  assert.equal(answer.text, await readFile(join(ROOT, 'protocol', 'openapi.json'), 'utf8'));
});

test('every route that is described answers, and no status is undescribed', async () => {
  await server.createPanel(panelWith('return 1;'), { panelId: 'p' });
  const { paths } = (await server.get('/openapi.json')).json;
  let asked = 0;
  for (const [path, operations] of Object.entries(paths)) {
    const target = path.replace('{id}', 'p').replace('{tool}', 'ok').replace(/\{\w+\}/, 'none');
    for (const method of Object.keys(operations).filter((each) => each !== 'delete')) {
      await server.request(method.toUpperCase(), target); // throws when the answer is not as described
      await server.request(method.toUpperCase(), target.replace('/p/', '/nobody/'));
      ++asked;
    }
    const options = await server.request('OPTIONS', target);
    assert.equal(options.status, 204);
    const allowed = options.headers.get('allow').toLowerCase().split(', ');
    assert.deepEqual(allowed.filter((each) => each !== 'head' && each !== 'options').sort(), Object.keys(operations).sort(), path);
  }
  assert.ok(asked >= 25);
});

test('every fixture is a message of its side, and there is one of each type', async () => {
  const { components } = (await server.get('/openapi.json')).json;
  for (const [side, checkMessage, name] of [['client', checkClientMessage, 'ClientMessage'], ['server', checkServerMessage, 'ServerMessage']]) {
    const seen = new Set();
    for (const file of await readdir(join(FIXTURES, side))) {
      const text = await readFile(join(FIXTURES, side, file), 'utf8');
      const message = JSON.parse(text);
      checkMessage(message);
      assert.equal(text, `${JSON.stringify(message)}\n`, `${file} is not compact`);
      seen.add(message.type);
    }
    const types = components.schemas[name].oneOf.map(({ $ref }) => components.schemas[$ref.split('/').at(-1)].properties.type.const);
    assert.deepEqual([...seen].sort(), types.sort());
  }
});

test('the check finds what is not described', () => {
  const headers = new Headers({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, 'content-type': 'application/json' });
  const answer = (status, json) => ({ status, headers, json, text: json === undefined ? '' : JSON.stringify(json) });
  const alive = { status: 'alive' };
  checkAnswer('GET', '/livez', answer(200, alive));
  assert.throws(() => checkAnswer('GET', '/livez', answer(200, { ...alive, more: 1 })), /additional/);
  assert.throws(() => checkAnswer('GET', '/livez', answer(201, alive)), /does not have/);
  assert.throws(() => checkAnswer('GET', '/secret', answer(200, alive)), /not described/);
  assert.throws(() => checkAnswer('HEAD', '/secret', answer(200)), /not described/);
  assert.throws(() => checkAnswer('OPTIONS', '/secret', answer(204)), /not described/);
  assert.throws(() => checkAnswer('DELETE', '/livez', answer(204)), /not described/);
  assert.throws(() => checkAnswer('GET', '/panels/x', answer(404, { error: 'gone' })), /ErrorBody/);
  assert.throws(() => checkAnswer('GET', '/livez', { ...answer(200, alive), headers: new Headers() }), /traceparent/);
  assert.throws(() => checkServerMessage({ type: 'PONG' }), /version/);
  assert.throws(() => checkServerMessage({ type: 'HELLO', version: 1 }), /ServerMessage/);
  assert.throws(() => checkClientMessage({ type: 'SUBSCRIBE' }), /ClientMessage/);
});
