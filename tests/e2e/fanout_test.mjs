// Many clients of one panel, one of which does not read: what it costs the server and the others.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { Server } from './server.mjs';

const READERS = 99;
const STEPS = 200;
const TEXT = 80_000; // of each step: 16 MB together, more than the sockets and the queue of one client hold
const MIB = 1024 * 1024;
const SOURCE = `<NexusPanel title="T"><Data><State name="n" type="number" default="0"/><State name="text" type="string" default=""/></Data>
  <Logic><Tool name="step"><Handler>$state.n++; $state.text = 'x'.repeat(${TEXT}) + $state.n;</Handler></Tool></Logic></NexusPanel>`;

let server;

before(async () => { server = await Server.start(); });
after(() => server.stop());

async function residentBytes() {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${server.pid}/status`, 'utf8'))[1]) * 1024;
}
async function metric(name) {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await server.get('/metrics')).text)[1]);
}

// STEPS runs, of which each of the readers hears; how much memory the server has taken meanwhile.
async function drive(driver, readers, first) {
  const before = await residentBytes();
  for (let step = 1; step <= STEPS; ++step) {
    driver.send({ type: 'TRIGGER', tool: 'step' });
    await driver.untilType('RESULT', 30000);
  }
  for (const reader of readers) {
    const patches = await reader.until(({ type, version }) => type === 'PATCH' && version === first + STEPS, 30000);
    let version = first;
    for (const patch of patches) {
      assert.equal(patch.from ?? patch.version - 1, version, 'each patch continues the one before');
      assert.deepEqual(patch.mutations, [{ operation: 'set', key: 'n', value: patch.version }]);
      version = patch.version;
    }
  }
  return (await residentBytes()) - before;
}

test('of 100 clients one that does not read costs no more than the state, and the others get everything', async () => {
  assert.equal((await server.createPanel(SOURCE, { panelId: 'crowd' })).status, 201);
  const readers = await Promise.all(Array.from({ length: READERS }, () => server.connect('crowd')));
  for (const reader of readers) reader.send({ type: 'SUBSCRIBE', keys: ['n'] });
  const driver = await server.connect('crowd');
  driver.send({ type: 'UNSUBSCRIBE', topics: ['state'] });
  const alone = await drive(driver, readers, 0);

  const stuck = await server.connect('crowd');
  assert.equal(stuck.connected.version, STEPS);
  stuck.pause();
  const beside = await drive(driver, readers, STEPS);
  assert.equal(await metric('nexus_websocket_clients'), READERS + 2, 'it is not even cut');
  assert.ok(await metric('nexus_websocket_patches_merged_total') > 0);
  assert.ok(await metric('nexus_websocket_queued_messages') > 0);
  const queued = await metric('nexus_websocket_queued_bytes');
  assert.ok(queued <= 4 * MIB, `${queued} bytes wait for it`);
  assert.ok(beside - alone < 16 * MIB, `${beside} bytes beside it, ${alone} without`);

  stuck.resume();
  const patches = await stuck.until(({ type, version }) => type === 'PATCH' && version === 2 * STEPS, 30000);
  assert.ok(patches.length < STEPS);
  const last = Object.fromEntries(patches.at(-1).mutations.map(({ key, value }) => [key, value]));
  assert.deepEqual([last.n, last.text.length], [2 * STEPS, TEXT + String(2 * STEPS).length]);
  assert.equal(await metric('nexus_websocket_queued_messages'), 0);
  for (const client of [...readers, driver, stuck]) client.destroy();
});
