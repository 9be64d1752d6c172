// The example panels do what they promise.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, Server, startWeatherServer } from './server.mjs';

let server;
let weather;

before(async () => {
  weather = await startWeatherServer();
  server = await Server.start({
    panels: join(ROOT, 'examples'),
    env: { HTTP_ALLOW_PRIVATE_HOSTS: `127.0.0.1:${weather.port}` },
  });
  const source = await readFile(join(ROOT, 'examples', 'weather.nxml'), 'utf8');
  const initialState = { server: weather.url, delay: 100 };
  const created = await server.createPanel(source, { panelId: 'forecast', initialState });
  assert.equal(created.status, 201, created.text);
});
after(async () => {
  await server.stop();
  await weather.stop();
});

test('every example is loaded at the start', async () => {
  const ids = (await server.get('/panels')).json.panels.map(({ id }) => id);
  for (const id of ['counter', 'todo', 'weather', 'job']) assert.ok(ids.includes(id), id);
});

test('the weather panel shows that it is loading before the answer arrives', async () => {
  const client = await server.connect('forecast');
  client.send({ type: 'TRIGGER', tool: 'load', args: ['Oslo'], requestId: 'w' });
  const seen = await client.untilType('RESULT');
  // The download reports progress of its own, as often as it likes.
  const types = seen.map(({ type }) => type);
  assert.deepEqual(types.filter((type, i) => type !== types[i - 1]), ['PATCH', 'PROGRESS', 'PATCH', 'RESULT']);
  const [busy, progress] = seen;
  const [ready, result] = seen.slice(-2);
  assert.ok(busy.mutations.some(({ key, value }) => key === 'loading' && value === true));
  assert.ok(ready.timestamp - busy.timestamp >= 90, 'the answer came before its delay');
  assert.deepEqual(progress.calls.map(({ extension, method }) => [extension, method]), [['http', 'get']]);
  const after = Object.fromEntries(ready.mutations.map(({ key, value }) => [key, value]));
  assert.equal(after.loading, false);
  assert.equal(after.place, 'Oslo');
  assert.equal(after.days.length, 5);
  assert.deepEqual(result.result.returnValue, { days: 5 });
  await client.close();
});

test('a city without a forecast shows the server\'s own words', async () => {
  const { json } = await server.trigger('forecast', 'load', { city: 'Atlantis' });
  assert.equal(json.status, 'success');
  const state = await server.state('forecast');
  assert.match(state.problem, /no forecast for "Atlantis"/);
  assert.equal(state.loading, false);
});

test('a private address that was not opened is refused, and the handler hears why', async () => {
  const source = await readFile(join(ROOT, 'examples', 'weather.nxml'), 'utf8');
  const initialState = { server: 'http://127.0.0.1:9', delay: 0 };
  await server.createPanel(source, { panelId: 'forbidden', initialState });
  await server.trigger('forbidden', 'load', { city: 'Lima' });
  assert.match((await server.state('forbidden')).problem, /127\.0\.0\.1/);
});

test('the to-do list adds, toggles, filters, removes and clears', async () => {
  const added = await server.trigger('todo', 'add', { title: '  Water the plants ' });
  assert.deepEqual(added.json.returnValue, { id: 4 }, added.text);
  let state = await server.state('todo');
  assert.deepEqual(state.items.at(-1), { id: 4, title: 'Water the plants', done: false });

  assert.deepEqual((await server.trigger('todo', 'toggle', { id: 4 })).json.returnValue, { done: true });
  await server.trigger('todo', 'show', { which: 'done' });
  await server.trigger('todo', 'remove', { id: 2 });
  state = await server.state('todo');
  assert.equal(state.list.show, 'done');
  assert.deepEqual(state.items.map(({ id, done }) => [id, done]), [[1, true], [3, false], [4, true]]);

  assert.deepEqual((await server.trigger('todo', 'clear_done')).json.returnValue, { removed: 2 });
  assert.deepEqual((await server.state('todo')).items.map(({ id }) => id), [3]);

  const failed = await server.trigger('todo', 'add', { title: '   ' });
  assert.equal(failed.json.status, 'error');
  assert.equal(failed.json.error.code, 'EXECUTION_ERROR');
  assert.match(failed.json.error.message, /an item needs a title/);
  assert.equal((await server.state('todo')).items.length, 1);
});

test('the counter counts by its step', async () => {
  await server.trigger('counter', 'increment');
  await server.trigger('counter', 'increment');
  await server.trigger('counter', 'decrement');
  assert.equal((await server.state('counter')).count, 1);
});

test('the panel and the requests of the README work as printed', async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const [, hello] = /```xml\n(.*?)```/s.exec(readme);
  const requests = [...readme.matchAll(/^curl (.*?)http:\/\/127\.0\.0\.1:3000(\S+)$/gm)];
  assert.ok(requests.length >= 4, 'the README lost its requests');
  for (const [line, options, path] of requests) {
    const method = /-X (\w+)/.exec(options)?.[1] ?? (options.includes('-d') ? 'POST' : 'GET');
    const type = /content-type: ([\w/]+)/.exec(options)?.[1];
    const body = options.includes('@hello.nxml') ? hello : /-d '([^']*)'/.exec(options)?.[1];
    const answer = await server.request(method, path, { body, type });
    assert.ok([200, 201, 204].includes(answer.status), `${line}: ${answer.status} ${answer.text}`);
  }
});
