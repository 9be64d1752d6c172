// What a panel may do at most: `grants` of its creation, and the operator's CAPABILITY_POLICY.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Server, makeScratch, panelWith, runNexusd } from './server.mjs';

const OWN = 'state:read:*,state:write:*,events:emit:*,view:update:*';

let server;

before(async () => { server = await Server.start({ env: { CAPABILITY_POLICY: `${OWN},ext:time` } }); });
after(() => server.stop());

const denied = (answer) => {
  assert.equal(answer.status, 422, answer.text);
  return answer.json.error.details.diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message, line }) => {
    assert.equal(code, 'PERMISSION_DENIED');
    return [line, message];
  });
};

test('a panel that needs more than it is granted is refused, and each place is named', async () => {
  const source = panelWith("$state.n = 1;\n$emit('done');");
  const grants = ['state:read:n', 'state:write:n'];
  const [[line, message], ...others] = denied(await server.createPanel(source, { panelId: 'less', grants }));
  assert.equal(line, 5);
  assert.match(message, /"events:emit:done", which this panel was not granted/);
  assert.deepEqual(others, []);
  assert.equal((await server.createPanel(source, { panelId: 'less', grants: [...grants, 'events:emit:done'] })).status, 201);
});

test('a handler that declares more is held to the grants, also after a restart', async () => {
  const source = `<NexusPanel title="T"><Data><State name="n" type="number" default="0"/><State name="m" type="number" default="0"/></Data>
    <Logic><Tool name="run"><Capabilities><Capability type="state:read" scope="*"/><Capability type="state:write" scope="*"/></Capabilities>
      <Handler>$state.n = $state.n + 1;</Handler></Tool></Logic></NexusPanel>`;
  const created = await server.createPanel(source, { panelId: 'held', grants: ['state:read:n', 'state:write:n'] });
  assert.equal(created.status, 201, created.text);
  for (const n of [1, 2]) {
    assert.equal((await server.trigger('held', 'run')).json.status, 'success');
    assert.equal((await server.state('held')).n, n);
    await server.kill();
    await server.restart();
  }
});

test('no panel may do what the operator does not allow', async () => {
  const asks = (alias, call) => panelWith(`await $ext.${alias}.${call};`, { logic: `<Extension name="nexus.${alias}" alias="${alias}"/>` });
  assert.equal((await server.createPanel(asks('time', 'sleep(1)'), { panelId: 'waits' })).status, 201);
  const [[, message]] = denied(await server.createPanel(asks('http', "get('http://a.test/')"), { panelId: 'asks' }));
  assert.match(message, /"ext:http", which the operator's CAPABILITY_POLICY does not allow/);
  const checked = (await server.postJson('/check', { source: asks('http', "get('http://a.test/')") })).json;
  assert.equal(checked.valid, false);
  assert.ok(checked.diagnostics.some(({ code }) => code === 'PERMISSION_DENIED'));
});

test('grants that are no tokens are refused', async () => {
  for (const grants of ['state:read:*', ['state:red:n'], [1], ['ext:'], Array(1001).fill('ext:*')]) {
    const answer = await server.createPanel(panelWith('return 1;'), { panelId: 'bad', grants });
    assert.equal(answer.status, 422);
    assert.equal(answer.json.error.code, 'INVALID_ARGUMENT');
    assert.match(answer.json.error.message, /grants/);
  }
});

test('a policy with a mistake ends the start', async () => {
  const scratch = await makeScratch();
  for (const [policy, said] of [['state', /CAPABILITY_POLICY: unknown capability token "state"/], ['ext:htpp', /CAPABILITY_POLICY: .*htpp.*http/]]) {
    const { code, stderr } = await runNexusd([], { CAPABILITY_POLICY: policy, HTTP_PORT: 0, WS_PORT: 0, DATA_DIR: join(scratch, 'data'), CACHE_DIR: join(scratch, 'cache') });
    assert.equal(code, 2);
    assert.match(stderr, said);
  }
  await rm(scratch, { recursive: true, force: true });
});
