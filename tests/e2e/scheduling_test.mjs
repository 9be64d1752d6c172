// Slow handlers delay nobody else, and end when the server ends: docs/ARCHITECTURE.md, D4.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Server, panelWith } from './server.mjs';

const MAX_INSTANCES = 3;
let server;

before(async () => {
  server = await Server.start({ env: { MAX_INSTANCES, TIMEOUT_MS: 2000 } });
});
after(() => server.stop());

async function createMany(prefix, count, handler) {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  for (const id of ids) {
    assert.equal((await server.createPanel(panelWith(handler), { panelId: id })).status, 201);
  }
  return ids;
}

// Starts an endless run in each panel; `stillRunning` counts those without an answer.
function spin(ids) {
  const load = { stillRunning: ids.length, ended: [] };
  load.ended = ids.map((id) => server.trigger(id, 'run').finally(() => { load.stillRunning -= 1; }));
  return load;
}

test('endless loops in as many panels as MAX_INSTANCES leave the other panels their answers', async () => {
  const spinning = await createMany('spin', MAX_INSTANCES, 'while (true);');
  const [other] = await createMany('other', 1, '$state.n += 10; return $state.n;');
  for (let round = 0; round < 2; round++) {
    await server.postJson(`/panels/${other}/trigger/run`, {});
    const load = spin(spinning);
    for (let i = 0; i < 10; i++) {
      const { json } = await server.trigger(other, 'ok');
      assert.equal(json.status, 'success');
    }
    const created = await server.createPanel(panelWith('return 1;'), { panelId: `during-${round}` });
    assert.equal(created.status, 201, created.text);
    assert.equal((await server.get('/health')).status, 200);
    assert.equal(load.stillRunning, MAX_INSTANCES, 'the others were answered while all of these ran');
    for (const { json } of await Promise.all(load.ended)) assert.equal(json.error.code, 'TIMEOUT');
    assert.equal((await server.state(other)).n, 20 * (round + 1));
  }
  for (const id of spinning) assert.equal((await server.trigger(id, 'ok')).json.returnValue, 1);
});

test('more endless loops than may run wait for each other, and the server still answers', async () => {
  const spinning = await createMany('crowd', 2 * MAX_INSTANCES + 2, 'while (true);');
  const load = spin(spinning);
  for (let i = 0; i < 10; i++) assert.equal((await server.get(`/panels/${spinning[0]}/state`)).status, 200);
  assert.equal(load.stillRunning, spinning.length, 'state was read while they ran');
  for (const { json } of await Promise.all(load.ended)) assert.equal(json.error.code, 'TIMEOUT');
});

test('handlers that last a little longer than a turn of the loop keep order, state and answers', async () => {
  const ids = await createMany('busy', 4,
    'const end = Date.now() + 3; while (Date.now() < end); return ++$state.n;');
  const runs = 20;
  const answers = await Promise.all(ids.map(async (id) => {
    const results = [];
    for (let i = 0; i < runs; i++) results.push((await server.trigger(id, 'run')).json.returnValue);
    return results;
  }));
  const inOrder = Array.from({ length: runs }, (_, index) => index + 1);
  for (const results of answers) assert.deepEqual(results, inOrder);
});
