// What a playground asks of the server: checks, previews, source and search.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, Server, panelWith } from './server.mjs';

let server;
let weather;
before(async () => {
  server = await Server.start({ panels: join(ROOT, 'examples') });
  weather = await readFile(join(ROOT, 'examples', 'weather.nxml'), 'utf8');
});
after(() => server?.stop());

const check = (source) => server.postJson('/check', { source });

test('a good document is valid, with the capabilities of each handler and the places that need them', async () => {
  const { status, json } = await check(weather);
  assert.equal(status, 200);
  assert.equal(json.valid, true);
  const load = json.handlers.find(({ handler }) => handler === 'load');
  const web = load.needs.find(({ token }) => token === 'ext:http');
  assert.match(weather.split('\n')[web.line - 1], /\$ext\./);
});

test('a bad document gives every diagnostic with its position', async () => {
  const { status, json } = await check(panelWith('window.x = 1;\n$state.nope = 2;'));
  assert.equal(status, 200);
  assert.equal(json.valid, false);
  const errors = json.diagnostics.filter(({ severity }) => severity === 'error');
  assert.deepEqual(errors.map(({ code, line }) => [code, line]), [['FORBIDDEN_GLOBAL', 4], ['UNDEFINED_STATE_REFERENCE', 5]]);
});

test('a check makes no panel, and refuses what it cannot read', async () => {
  const before = (await server.get('/panels')).json.total;
  await check(panelWith('$state.n = 1;'));
  assert.equal((await server.get('/panels')).json.total, before);
  assert.equal((await server.request('POST', '/check', { body: 'x', type: 'text/plain' })).status, 415);
  assert.equal((await server.request('POST', '/check', { body: '{', type: 'application/json' })).status, 400);
  assert.equal((await server.get('/check')).status, 405);
});

test('the source of a panel is what was given', async () => {
  const answer = await server.get('/panels/weather/source');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, weather);
  assert.match(answer.headers.get('content-security-policy'), /sandbox/);
});

test('a preview works like any panel but is in no list', async () => {
  const before = (await server.get('/panels')).json.total;
  const { status, json } = await server.createPanel(panelWith('$state.n = 7;'), { preview: true });
  assert.equal(status, 201);
  assert.equal((await server.trigger(json.id, 'run')).json.status, 'success');
  assert.deepEqual(await server.state(json.id), { n: 7 });
  assert.equal((await server.get(`/panels?id=${json.id}`)).json.total, 1, 'who knows its id finds it');
  assert.equal((await server.get('/panels')).json.total, before);
  assert.equal((await server.request('DELETE', `/panels/${json.id}`)).status, 204);
});

test('the ninth preview that nobody looks at ends the first', async () => {
  const ids = [];
  for (let i = 0; i < 9; i++) ids.push((await server.createPanel(panelWith(''), { preview: true })).json.id);
  assert.equal((await server.get(`/panels/${ids[0]}`)).status, 404);
  assert.equal((await server.get(`/panels/${ids[1]}`)).status, 200);
});

test('the list is searched by words in title, description, id and tags', async () => {
  const source = panelWith('').replace('title="Test"', 'title="Harbour" tags="tide tables, sea"');
  await server.createPanel(source, { panelId: 'harbour' });
  const ids = async (words) => (await server.get(`/panels?search=${encodeURIComponent(words)}`)).json.panels.map(({ id }) => id);
  assert.deepEqual(await ids('TABLES harb'), ['harbour']);
  assert.deepEqual(await ids('tables nowhere'), []);
  assert.deepEqual((await server.get('/panels?search=harbour')).json.panels[0].tags, ['tide tables', 'sea']);
});
