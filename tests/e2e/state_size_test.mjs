// How large a panel's state may be, and what a change of a large one sends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Server } from './server.mjs';

const KEYS = 10000;
let server;

before(async () => { server = await Server.start({ env: { MAX_STATE_SIZE: '256kb' } }); });
after(() => server.stop());

function panel(data, handler) {
  return `<NexusPanel title="Size"><Data>${data}</Data><Logic><Tool name="run"><Trigger type="manual"/>
    <Arg name="count" type="number" default="1"/><Handler>${handler}</Handler></Tool></Logic></NexusPanel>`;
}

test('the operator says how large a state may be; the handler that passes it is told where', async () => {
  const source = panel('<State name="text"/>', "$state.text = 'kept'; $state.text = 'x'.repeat($args.count * 1024);");
  assert.equal((await server.createPanel(source, { panelId: 'grows' })).status, 201);
  assert.equal((await server.trigger('grows', 'run', { count: 200 })).json.status, 'success');
  const { status, error } = (await server.trigger('grows', 'run', { count: 300 })).json;
  assert.deepEqual([status, error.code], ['error', 'STATE_ERROR']);
  assert.match(error.message, /"text" the state would take 30\d{4} bytes but at most 262144 are allowed/);
  assert.equal((await server.state('grows')).text.length, 200 * 1024, 'the segment changed nothing');
  const large = await server.createPanel(source, { initialState: { text: 'x'.repeat(300 * 1024) } });
  assert.equal(large.status, 422);
  assert.match(large.json.error.message, /^initialState: .*at most 262144/);
});

test('one changed key of ten thousand sends that key, whichever way a client takes patches', async () => {
  const keys = Array.from({ length: KEYS }, (_, i) => `<State name="k${i}" type="number"/>`).join('');
  const source = panel(keys, '$state.k7 = $state.k7 + 1; return $state.k7;');
  const created = await server.createPanel(source, { panelId: 'wide' });
  assert.equal(created.status, 201, created.text.slice(0, 500));
  const [whole, patches] = [await server.connect('wide'), await server.connect('wide', { query: '?patches=json-patch' })];
  assert.equal(Object.keys(whole.connected.state).length, KEYS);
  const run = (await server.trigger('wide', 'run')).json;
  assert.equal(run.returnValue, 1);
  assert.deepEqual(run.stateMutations, [{ operation: 'set', key: 'k7', value: 1 }]);
  assert.deepEqual((await whole.next()).mutations, [{ operation: 'set', key: 'k7', value: 1 }]);
  assert.deepEqual((await patches.next()).patch, [{ op: 'add', path: '/k7', value: 1 }]);
  await Promise.all([whole.close(), patches.close()]);
});
