// Each of the larger example panels, driven through its tools the way a person or an agent would.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, Server } from './server.mjs';

let server;

before(async () => { server = await Server.start({ panels: join(ROOT, 'examples') }); });
after(() => server.stop());

// Calls a tool that must succeed and resolves to what it returned.
async function call(panel, tool, args) {
  const { json, text } = await server.trigger(panel, tool, args);
  assert.equal(json?.status, 'success', `${panel}.${tool}: ${text}`);
  return json.returnValue;
}

// Calls a tool that must fail with a message like `pattern`, and shows that the state stayed as it was.
async function refused(panel, tool, args, pattern) {
  const before = await server.state(panel);
  const { json, text } = await server.trigger(panel, tool, args);
  assert.equal(json?.status, 'error', `${panel}.${tool} was not refused: ${text}`);
  assert.match(json.error.message, pattern);
  assert.deepEqual(await server.state(panel), before);
}

// The state, once `condition` holds; for what happens by itself after a tool.
async function stateWhen(panel, condition) {
  const client = await server.connect(panel);
  const state = { ...client.connected.state };
  while (!condition(state)) {
    const message = await client.next();
    for (const { operation, key, value } of message.mutations ?? []) {
      if (operation === 'delete') delete state[key];
      else state[key] = value;
    }
  }
  await client.close();
  return state;
}

test('every example file is loaded, without a failed mount', async () => {
  const files = (await readdir(join(ROOT, 'examples'))).filter((name) => name.endsWith('.nxml'));
  const { panels } = (await server.get('/panels?limit=100')).json;
  assert.ok(files.length >= 16);
  for (const file of files) {
    const panel = panels.find(({ id }) => `${id}.nxml` === file);
    assert.ok(panel, file);
    assert.equal(panel.mountError, undefined, file);
    assert.ok((await readFile(join(ROOT, 'examples', file), 'utf8')).includes('description='), file);
  }
});

test('dashboard: the timer samples, a reading by hand stops it and alarms', async () => {
  await stateWhen('dashboard', ({ history }) => history.length > 0);
  const client = await server.connect('dashboard');
  await call('dashboard', 'record', { cpu: 95, memory: 40 });
  const event = (await client.untilType('EVENT')).at(-1);
  assert.deepEqual([event.event.name, event.event.payload.message], ['toast', 'CPU at 95 %']);
  await client.close();
  const state = await server.state('dashboard');
  assert.deepEqual([state.live, state.cpu, state.health, state.busiest], [false, 95, 'error', 95]);
  assert.deepEqual(await call('dashboard', 'sample'), { taken: false });
  await refused('dashboard', 'record', { cpu: 101, memory: 1 }, /cpu is a percentage/);
  await call('dashboard', 'reset');
  assert.deepEqual((await server.state('dashboard')).history, []);
});

test('chat: people speak, the robot answers by itself, the muted do not', async () => {
  assert.deepEqual(await call('chat', 'say', { from: 'Ada', text: ' hello ' }), { id: 1 });
  await call('chat', 'set_topic', { topic: 'engines' });
  await call('chat', 'say', { from: 'Ada', text: 'robot, are you there?' });
  const { messages } = await stateWhen('chat', (state) => state.messages.length === 3);
  assert.deepEqual(messages.map(({ from }) => from), ['Ada', 'Ada', 'robot']);
  assert.equal(messages[2].text, 'Hello Ada, we speak about: engines');
  assert.deepEqual((await server.state('chat')).people, ['Ada', 'robot']);
  assert.deepEqual(await call('chat', 'mute', { name: 'Ada' }), { muted: true });
  await refused('chat', 'say', { from: 'Ada', text: 'still there' }, /Ada is muted/);
  await refused('chat', 'say', { from: 'Bob', text: '  ' }, /1 to 500 characters/);
});

test('kanban: cards move, and the limit on work in progress holds', async () => {
  assert.deepEqual(await call('kanban', 'add', { title: 'Ship it' }), { id: 4 });
  await call('kanban', 'move', { id: 3, to: 'doing' });
  await call('kanban', 'move', { id: 4, to: 'doing' });
  await call('kanban', 'add', { title: 'One more' });
  await refused('kanban', 'move', { id: 5, to: 'doing' }, /at most 3 cards/);
  await refused('kanban', 'move', { id: 5, to: 'nowhere' }, /todo, doing or done/);
  await call('kanban', 'move', { id: 2, to: 'done' });
  await call('kanban', 'remove', { id: 1 });
  const state = await server.state('kanban');
  const ids = (cards) => cards.map(({ id }) => id);
  assert.deepEqual([ids(state.todo), ids(state.doing), ids(state.done), state.full], [[5], [3, 4], [2], false]);
});

test('poll: one vote each, changed or withdrawn until it is closed', async () => {
  assert.deepEqual(await call('poll', 'vote', { voter: 'Ada', option: 'Oslo' }), { changed: false });
  assert.deepEqual(await call('poll', 'vote', { voter: 'Ada', option: 'Lisbon' }), { changed: true });
  await call('poll', 'vote', { voter: 'Bob', option: 'Lisbon' });
  await call('poll', 'vote', { voter: 'Eve', option: 'Oslo' });
  await call('poll', 'withdraw', { voter: 'Eve' });
  const state = await server.state('poll');
  assert.deepEqual([state.turnout, state.leader], [2, 'Lisbon']);
  assert.deepEqual(state.results, [{ option: 'Lisbon', votes: 2 }, { option: 'Oslo', votes: 0 }, { option: 'Nairobi', votes: 0 }]);
  await refused('poll', 'vote', { voter: 'Eve', option: 'Atlantis' }, /"Atlantis" is not on the list/);
  assert.deepEqual(await call('poll', 'close'), { open: false });
  await refused('poll', 'vote', { voter: 'Eve', option: 'Oslo' }, /closed/);
});

test('signup: the form says what is missing, the tool checks again', async () => {
  const client = await server.connect('signup');
  const fill = async (field, value) => {
    client.send({ type: 'SET', path: ['form', field], value, requestId: field });
    await client.untilType('PATCH');
  };
  assert.equal(client.connected.state.problems.length, 4);
  await refused('signup', 'submit', {}, /please correct: name, email, age, terms/);
  await fill('name', 'Ada');
  await fill('email', 'ada@example.org');
  await fill('age', 36);
  assert.deepEqual((await server.state('signup')).problems, ['Please accept the terms']);
  await fill('terms', true);
  assert.equal((await server.state('signup')).valid, true);
  assert.deepEqual(await call('signup', 'submit'), { registered: 1 });
  const state = await server.state('signup');
  assert.deepEqual([state.people, state.form.name, state.sent], [[{ name: 'Ada', email: 'ada@example.org', age: 36 }], '', true]);
  await call('signup', 'again');
  await client.close();
});

test('logs: lines are filtered, and trimmed by themselves', async () => {
  await call('logs', 'write', { message: 'started' });
  await call('logs', 'write', { message: 'disk full', level: 'error' });
  await refused('logs', 'write', { message: 'x', level: 'loud' }, /debug, info, warn or error, not "loud"/);
  await call('logs', 'choose', { level: 'error' });
  let state = await server.state('logs');
  assert.deepEqual([state.shown.map(({ message }) => message), state.errors], [['disk full'], 1]);
  await call('logs', 'write_many', { lines: Array.from({ length: 600 }, (_, at) => `line ${at}`) });
  state = await stateWhen('logs', ({ lines }) => lines.length === 500);
  assert.deepEqual([state.dropped, state.lines.at(-1).message], [102, 'line 599']);
  await call('logs', 'clear');
  assert.deepEqual((await server.state('logs')).lines, []);
});

test('incident: from the alarm to the review', async () => {
  await refused('incident', 'resolve', {}, /no open incident/);
  await call('incident', 'declare', { title: 'Checkout is down', severity: 1 });
  await stateWhen('incident', ({ timeline }) => timeline.some(({ text }) => text === 'Everybody was told'));
  await call('incident', 'take', { who: 'Grace' });
  assert.deepEqual(await call('incident', 'assign', { text: 'roll back', who: 'Linus' }), { id: 1 });
  await refused('incident', 'resolve', {}, /1 tasks are still open/);
  await call('incident', 'finish', { id: 1 });
  assert.equal((await server.state('incident')).mayResolve, true);
  assert.deepEqual(await call('incident', 'resolve'), { minutes: 0 });
  const { phase, timeline } = await server.state('incident');
  assert.equal(phase, 'resolved');
  assert.deepEqual(timeline.map(({ text }) => text), ['Declared with severity 1', 'Everybody was told',
    'Grace took command', 'Linus finished: roll back', 'Resolved after 0 minutes']);
});

test('calculator: keys in, figures out', async () => {
  const type = async (keys) => {
    let shown;
    for (const key of keys) shown = await call('calculator', 'press', { key });
    return shown;
  };
  assert.equal(await type('12+30='), '42');
  assert.equal(await type('C.1+.2='), '0.3');
  assert.equal(await type('C7*6-2/4='), '10');
  assert.equal(await type('C5S'), '-5');
  await type('C8/0');
  await refused('calculator', 'press', { key: '=' }, /divided by 0/);
  await refused('calculator', 'press', { key: 'x' }, /no key "x"/);
  assert.equal((await server.state('calculator')).tape[0], '12 + 30 = 42');
});

test('table: pages, sorting, searching', async () => {
  const state = () => server.state('table');
  let now = await state();
  assert.deepEqual([now.rows.length, now.pages, now.visible.map(({ id }) => id)], [120, 12, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]);
  await call('table', 'sort_by', { column: 'amount' });
  await call('table', 'sort_by', { column: 'amount' });
  now = await state();
  const amounts = now.rows.map(({ amount }) => amount).sort((a, b) => b - a);
  assert.deepEqual(now.visible.map(({ amount }) => amount), amounts.slice(0, 10));
  await call('table', 'go', { page: 99 });
  now = await state();
  assert.deepEqual([now.current, now.visible.length], [12, 10]);
  const client = await server.connect('table');
  client.send({ type: 'SET', path: ['search'], value: 'lisbon', requestId: 's' });
  await client.untilType('PATCH');
  await client.close();
  now = await state();
  assert.deepEqual([now.found.length, now.pages, now.current], [24, 3, 3]);
  await call('table', 'remove', { id: 1 });
  assert.equal((await state()).found.length, 23);
  await refused('table', 'sort_by', { column: 'colour' }, /no column "colour"/);
});

test('sales: figures are entered, replaced and taken out', async () => {
  assert.deepEqual(await call('sales', 'put', { month: 'May', amount: 80 }), { replaced: false });
  assert.deepEqual(await call('sales', 'put', { month: 'Jan', amount: 40 }), { replaced: true });
  let state = await server.state('sales');
  assert.deepEqual([state.total, state.average, state.trend], [276, 55.2, 'up']);
  await call('sales', 'drop', { month: 'May' });
  await call('sales', 'draw_as', { kind: 'pie' });
  state = await server.state('sales');
  assert.deepEqual([state.points.length, state.kind], [4, 'pie']);
  await refused('sales', 'put', { month: 'Jun', amount: -1 }, /0 or more/);
});

test('approval: nobody decides their own, large ones need two', async () => {
  assert.deepEqual(await call('approval', 'ask', { by: 'ada', purpose: 'a chair', amount: 200 }), { id: 1, needed: 1 });
  assert.deepEqual(await call('approval', 'ask', { by: 'ada', purpose: 'a car', amount: 9000 }), { id: 2, needed: 2 });
  await refused('approval', 'approve', { id: 1, by: 'ada' }, /their own/);
  assert.deepEqual(await call('approval', 'approve', { id: 1, by: 'bob' }), { status: 'approved', missing: 0 });
  assert.deepEqual(await call('approval', 'approve', { id: 2, by: 'bob' }), { status: 'pending', missing: 1 });
  await refused('approval', 'approve', { id: 2, by: 'bob' }, /already/);
  await call('approval', 'reject', { id: 2, by: 'eve', reason: 'too dear' });
  const state = await server.state('approval');
  assert.deepEqual([state.granted, state.pending.length, state.decided.length, state.requests[1].reason],
    [200, 0, 2, 'eve: too dear']);
});

test('approval: money leaves when somebody has confirmed it', async () => {
  await refused('approval', 'pay', { id: 2 }, /only what was approved/);
  const paid = call('approval', 'pay', { id: 1 });
  await stateWhen('approval', ({ requests }) => requests[0].status === 'paying');
  const { json: { approvals: [waiting, ...others] } } = await server.get('/panels/approval/approvals');
  assert.deepEqual([waiting.title, waiting.data, others], ['Pay 200 € for a chair', { id: 1, amount: 200 }, []]);
  const answer = await server.request('POST', `/panels/approval/approvals/${waiting.id}`,
    { body: '{"approved":true,"comment":"enjoy"}', type: 'application/json' });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(await paid, { paid: true, by: 'anonymous' });
  assert.equal((await server.state('approval')).requests[0].status, 'paid');
});

test('agent: a goal, a plan, a question that waits for its answer', async () => {
  await call('agent', 'set_goal', { goal: 'tidy the shed' });
  await call('agent', 'plan', { steps: ['look', 'sort'] });
  const client = await server.connect('agent');
  client.send({ type: 'TRIGGER', tool: 'ask', args: { question: 'Keep the old bike?', patience: 20 }, requestId: 'q' });
  await stateWhen('agent', ({ asking }) => asking);
  await call('agent', 'answer', { text: 'yes' });
  const result = (await client.untilType('RESULT')).at(-1);
  assert.deepEqual([result.requestId, result.result.returnValue], ['q', { answer: 'yes' }]);
  await client.close();
  await call('agent', 'report', { id: 1, result: 'a mess' });
  assert.equal((await server.state('agent')).progress, 50);
  assert.deepEqual(await call('agent', 'report', { id: 2, result: 'sorted' }), { status: 'finished' });
  await refused('agent', 'answer', { text: 'to nobody' }, /nothing was asked/);
});
