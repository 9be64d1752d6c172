// Kills nexusd again and again under load, and checks after each start that nothing acknowledged is lost, nothing
// happened twice, and every suspended run ends once. NEXUS_KILLS says how often; docs/STORAGE.md, "What a crash leaves".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Server } from './server.mjs';

const KILLS = Number(process.env.NEXUS_KILLS ?? 20);
const SUSPENDED = Number(process.env.NEXUS_SUSPENDED ?? 500);
const PANELS = 6;
const WORKERS_PER_PANEL = 3;
const SOURCE = `<NexusPanel title="Crash"><Data>
    <State name="added" type="list"/><State name="begun" type="list"/><State name="done" type="list"/>
    <State name="ticks" type="number"/><Computed name="total" value="$state.added.length + $state.done.length"/>
  </Data><Logic><Extension name="nexus.time" alias="time"/>
    <Tool name="add"><Arg name="id"/><Handler>$state.added.push($args.id); return $state.added.length;</Handler></Tool>
    <Tool name="later"><Arg name="id"/><Arg name="ms" type="number"/><Handler>
      $state.begun.push($args.id);
      await $ext.time.sleep($args.ms);
      await Promise.all([$ext.time.sleep(5), $ext.time.sleep($args.ms / 2)]);
      $state.done.push($args.id); return $args.id;</Handler></Tool>
    <Tool name="tick"><Trigger type="interval" ms="250"/><Handler>$state.ticks = $state.ticks + 1;</Handler></Tool>
  </Logic><View><Text content="{$state.total}"/></View></NexusPanel>`;

// A sequence of numbers that is the same in each run, so that a failure can be seen again.
function makeRandom(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}

class Panel {
  tried = new Set();
  acknowledged = new Set(); // of `add`
  accepted = new Map(); // of `later`: id by execution
  finished = 0; // how many of the accepted were seen to have ended
  nextId = 0;
  mirror; // what a client has that reconnects: {epoch, version, state}

  constructor(id) { this.id = id; }
}

// Sends one request after the other until the server is gone.
async function work(server, panel, random, isOver) {
  while (!isOver()) {
    const id = `${panel.id}-${panel.nextId++}`;
    panel.tried.add(id);
    try {
      if (random(3) > 0) {
        const { status, json } = await server.trigger(panel.id, 'add', { id });
        if (status === 200 && json.status === 'success') panel.acknowledged.add(id);
      } else {
        const { status, json } = await server.request('POST', `/panels/${panel.id}/trigger/later`, {
          body: JSON.stringify({ id, ms: random(400) }), type: 'application/json', headers: { prefer: 'respond-async' },
        });
        if (status === 202) panel.accepted.set(json.executionId, id);
      }
    } catch { /* the server is being killed: whether this one took place is unknown */ }
    await delay(random(4));
  }
}

// Follows a panel as the browser's client does: patches, and after a cut what was missed.
async function follow(server, panel) {
  const { mirror } = panel;
  const query = mirror ? `?epoch=${mirror.epoch}&since=${mirror.version}` : '';
  const client = await server.connect(panel.id, { query });
  const { connected } = client;
  if (connected.state) {
    panel.mirror = { epoch: connected.epoch, version: connected.version, state: connected.state };
  } else {
    assert.equal(connected.version, mirror.version, 'what is resumed is what the client has');
  }
  return { client, resumed: connected.state === undefined };
}

function apply(panel, message) {
  if (message.type !== 'PATCH') return;
  const { version, from = version - 1 } = message; // one that many waited for is merged, docs/PROTOCOL.md
  assert.equal(from, panel.mirror.version, 'no patch is missing and none comes twice');
  panel.mirror.version = version;
  for (const { operation, key, value } of message.mutations) {
    if (operation === 'set') panel.mirror.state[key] = value; else delete panel.mirror.state[key];
  }
}

function count(list, id) {
  return list.filter((item) => item === id).length;
}

async function check(server, panel) {
  const state = await server.state(panel.id);
  for (const id of panel.acknowledged) assert.equal(count(state.added, id), 1, `${id} was acknowledged`);
  for (const id of new Set([...state.added, ...state.begun])) assert.ok(panel.tried.has(id), `${id} was asked for`);
  for (const list of [state.added, state.begun, state.done])
    assert.equal(new Set(list).size, list.length, 'nothing happened twice');
  for (const id of panel.accepted.values()) assert.equal(count(state.begun, id), 1, `${id} was accepted`);
  assert.equal(state.total, state.added.length + state.done.length, 'computed values fit');
  if (panel.mirror) assert.ok((await server.get(`/panels/${panel.id}`)).json.version >= panel.mirror.version, 'no client is ahead');
}

async function waitForRuns(server, panel) {
  for (const [execution, id] of panel.accepted) {
    let answer;
    do {
      answer = await server.get(`/panels/${panel.id}/executions/${execution}`);
      assert.equal(answer.status, 200, `${id}: ${answer.text}`);
      if (answer.json.status === 'suspended') await delay(20);
    } while (answer.json.status === 'suspended');
    assert.equal(answer.json.status, 'success', `${id}: ${answer.text}`);
    assert.equal(answer.json.returnValue, id);
  }
  const state = await server.state(panel.id);
  for (const id of state.begun) assert.equal(count(state.done, id), 1, `${id} ended once`);
}

async function crashesUnderLoad(t) {
  const random = makeRandom(20260714);
  const server = await Server.start();
  t.after(() => server.stop());
  const panels = Array.from({ length: PANELS }, (_, i) => new Panel(`p${i}`));
  for (const panel of panels) {
    const created = await server.createPanel(SOURCE, { panelId: panel.id });
    assert.equal(created.status, 201, created.text);
  }
  let resumed = 0;
  for (let kill = 0; kill < KILLS; ++kill) {
    let over = false;
    const followers = await Promise.all(panels.map((panel) => follow(server, panel)));
    resumed += followers.filter((follower) => follower.resumed).length;
    const workers = panels.flatMap((panel) => Array.from({ length: WORKERS_PER_PANEL }, () => work(server, panel, random, () => over)));
    await delay(50 + random(400));
    await server.kill();
    over = true;
    await Promise.all(workers);
    followers.forEach(({ client }, i) => {
      for (const message of client.messages) apply(panels[i], message);
    });
    await server.restart();
    for (const panel of panels) await check(server, panel);
  }
  for (const panel of panels) await waitForRuns(server, panel);
  for (const panel of panels) {
    await server.request('POST', `/panels/${panel.id}/trigger/add`, { body: '{"id":"last"}', type: 'application/json' });
    const { client } = await follow(server, panel);
    const { epoch, version } = (await server.get(`/panels/${panel.id}`)).json;
    const seen = () => Math.max(panel.mirror.version, ...client.messages.filter(({ type }) => type === 'PATCH').map((patch) => patch.version));
    while (seen() < version) await delay(10);
    for (const message of client.messages) apply(panel, message);
    assert.equal(epoch, panel.mirror.epoch);
    panel.mirror.state.ticks = undefined;
    const state = await server.state(panel.id);
    state.ticks = undefined;
    assert.deepEqual(panel.mirror.state, state, 'a client that came back has what the server has');
    await client.close();
  }
  const runs = panels.reduce((sum, panel) => sum + panel.accepted.size, 0);
  const adds = panels.reduce((sum, panel) => sum + panel.acknowledged.size, 0);
  assert.ok(runs > KILLS && adds > KILLS, 'there was a load');
  assert.ok(resumed > 0, 'clients came back with what they had');
  t.diagnostic(`${adds} changes and ${runs} suspended runs survived ${KILLS} kills; ${resumed} clients were resumed`);
}

async function runsThatWait(t) {
  const server = await Server.start({ env: { MAX_SUSPENDED: String(SUSPENDED + 10), RATE_LIMIT_ADDRESS: '1000000' } });
  t.after(() => server.stop());
  const count = 10;
  for (let i = 0; i < count; ++i)
    assert.equal((await server.createPanel(SOURCE.replace('ms="250"', 'ms="3600000"'), { panelId: `w${i}` })).status, 201);
  const ids = Array.from({ length: SUSPENDED }, (_, i) => i);
  const executions = [];
  const until = Date.now() + 2000 + SUSPENDED * 5; // long enough for most to wait at the crash
  const begin = async (i) => {
    const { status, json } = await server.request('POST', `/panels/w${i % count}/trigger/later`, {
      body: JSON.stringify({ id: `r${i}`, ms: Math.max(until - Date.now(), 10) }), type: 'application/json', headers: { prefer: 'respond-async' } });
    assert.equal(status, 202);
    executions.push([`w${i % count}`, json.executionId]);
  };
  for (let i = 0; i < SUSPENDED; i += 32) await Promise.all(ids.slice(i, i + 32).map(begin));
  await server.kill();
  const began = performance.now();
  await server.restart();
  t.diagnostic(`ready ${(performance.now() - began).toFixed(0)} ms after the start; ${/\d+ panels and .* ms/.exec(server.log)?.[0]}`);
  assert.ok(Number(/(\d+) waiting runs/.exec(server.log)[1]) > 0, 'some waited');
  const done = async () => (await Promise.all(Array.from({ length: count }, (_, i) => server.state(`w${i}`)))).flatMap((state) => state.done);
  while ((await done()).length < SUSPENDED) await delay(100);
  const all = await done();
  assert.equal(new Set(all).size, SUSPENDED, 'none is lost and none came twice');
  for (const [panel, execution] of executions.slice(0, 100))
    assert.equal((await server.get(`/panels/${panel}/executions/${execution}`)).json.status, 'success');
}

// Each has a server of its own, and waits most of its time.
describe('crashes', { concurrency: true }, () => {
  test(`${KILLS} crashes take nothing that was acknowledged`, crashesUnderLoad);
  test(`${SUSPENDED} runs that wait go on after a crash, each once`, runsThatWait);
});
