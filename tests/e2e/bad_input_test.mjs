// Bad input of every kind: each gets its own clear error, and the next request works as if nothing had happened.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';

import { Server, panelWith } from './server.mjs';
import { OPCODE, WebSocketClient } from './websocket.mjs';

let server;
let expected = 0; // what `ok` of the panel "works" must return next

before(async () => {
  server = await Server.start({ env: { TIMEOUT_MS: '500', MEMORY_LIMIT_MB: '8' } });
  const created = await server.createPanel(panelWith('return 1;'), { panelId: 'works' });
  assert.equal(created.status, 201, created.text);
});
after(() => server.stop());

// Whatever a test did, the server lives and another panel works.
afterEach(async () => {
  const { status, json } = await server.trigger('works', 'ok');
  assert.equal(status, 200);
  assert.equal(json.returnValue, ++expected);
  assert.equal((await server.get('/readyz')).status, 200);
});

function assertError(answer, status, code, pattern) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.error.code, code, answer.text);
  assert.ok(answer.text.startsWith('{"error":{"code":'), 'code stands first');
  assert.match(answer.json.error.message, pattern);
}

// --- HTTP -------------------------------------------------------------------------------------------------------

test('malformed JSON is a 400 that says where', async () => {
  const answer = await server.request('POST', '/panels', { body: '{"source": ', type: 'application/json' });
  assertError(answer, 400, 'PARSE_ERROR', /./);
  const trigger = await server.request('POST', '/panels/works/trigger/ok', { body: '{"a":1,}', type: 'application/json' });
  assertError(trigger, 400, 'PARSE_ERROR', /./);
});

test('JSON that nests without end is refused', async () => {
  const answer = await server.request('POST', '/panels/works/trigger/ok', {
    body: '['.repeat(100000) + ']'.repeat(100000), type: 'application/json',
  });
  assert.ok([400, 413, 422].includes(answer.status), `${answer.status}`);
});

test('a creation request without a source names the field', async () => {
  const answer = await server.postJson('/panels', { panelId: 'empty' });
  assert.ok([400, 422].includes(answer.status), answer.text);
  assert.match(answer.json.error.message, /source/);
});

test('malformed NXML is a 422 with all diagnostics and their positions', async () => {
  const body = `<NexusPanel title="Broken">
  <Data><State name="n" type="number"/><State name="n"/></Data>
  <Logic><Tool name="t"><Handler>fetch('x');</Handler></Tool></Logic>
  <View><Button label="go" trigger="nope"/></View>
</NexusPanel>`;
  const answer = await server.request('POST', '/panels', { body, type: 'application/xml' });
  assertError(answer, 422, 'INVALID_NXML', /./);
  const { diagnostics } = answer.json.error.details;
  const codes = diagnostics.map(({ code }) => code);
  for (const code of ['DUPLICATE_STATE', 'FORBIDDEN_GLOBAL', 'UNDEFINED_TOOL_REFERENCE']) {
    assert.ok(codes.includes(code), `${code} is missing in ${codes}`);
  }
  const duplicate = diagnostics.find(({ code }) => code === 'DUPLICATE_STATE');
  assert.equal(duplicate.line, 2);
  assert.ok(duplicate.column > 1);
});

test('NXML that does not end is refused at its position', async () => {
  for (const body of ['', '<', '<NexusPanel', '<NexusPanel title="x"><Data>', 'no markup at all', '\u0000\u0001']) {
    const answer = await server.request('POST', '/panels', { body, type: 'application/xml' });
    assert.ok([400, 422].includes(answer.status), `${JSON.stringify(body)}: ${answer.text}`);
    assert.equal(typeof answer.json.error.message, 'string');
  }
});

test('a handler with a syntax error is refused at creation, with the position in the file', async () => {
  const answer = await server.createPanel(panelWith('\nconst a = ;'));
  assert.equal(answer.status, 422, answer.text);
  const broken = answer.json.error.details.diagnostics.find(({ code }) => code === 'COMPILATION_ERROR');
  assert.equal(broken?.line, 5, answer.text);
  assert.equal(broken.column, 11);
});

test('a panel id outside its grammar is refused', async () => {
  for (const panelId of ['', '../up', 'a b', 'x'.repeat(65), '.hidden']) {
    const answer = await server.createPanel(panelWith('return 1;'), { panelId });
    assert.equal(answer.status, 422, `${panelId}: ${answer.text}`);
  }
});

test('a wrong media type is a 415', async () => {
  const answer = await server.request('POST', '/panels', { body: 'a: 1', type: 'application/yaml' });
  assertError(answer, 415, 'UNSUPPORTED_MEDIA_TYPE', /./);
});

test('a body over the limit is a 413', async () => {
  const answer = await server.createPanel('x'.repeat(3 * 1024 * 1024)).catch((error) => error);
  // The server may close while the rest is still being sent; the client then sees a reset.
  if (!(answer instanceof Error)) assertError(answer, 413, 'PAYLOAD_TOO_LARGE', /./);
});

test('unknown panels, tools, paths and methods have their own answers', async () => {
  assertError(await server.get('/panels/nowhere'), 404, 'PANEL_NOT_FOUND', /nowhere/);
  assertError(await server.get('/panels/nowhere/state'), 404, 'PANEL_NOT_FOUND', /nowhere/);
  assertError(await server.request('DELETE', '/panels/nowhere'), 404, 'PANEL_NOT_FOUND', /nowhere/);
  assertError(await server.trigger('nowhere', 'ok'), 404, 'PANEL_NOT_FOUND', /nowhere/);
  assertError(await server.trigger('works', 'nothing'), 404, 'TOOL_NOT_FOUND', /nothing/);
  assertError(await server.get('/no/such/path'), 404, 'NOT_FOUND', /./);
  const wrong = await server.request('PUT', '/panels', { body: '{}', type: 'application/json' });
  assertError(wrong, 405, 'METHOD_NOT_ALLOWED', /./);
  assert.match(wrong.headers.get('allow'), /GET/);
});

test('missing and mistyped arguments are refused before a run starts', async () => {
  const logic = '<Tool name="takes"><Arg name="amount" type="number"/><Handler>return $args.amount;</Handler></Tool>';
  await server.createPanel(panelWith('return 1;', { logic }), { panelId: 'args' });
  assertError(await server.trigger('args', 'takes', {}), 422, 'INVALID_ARGUMENT', /amount/);
  assertError(await server.trigger('args', 'takes', { amount: 'much' }), 422, 'INVALID_ARGUMENT', /amount/);
  assert.equal((await server.trigger('args', 'takes', { amount: 4 })).json.returnValue, 4);
});

test('bytes that are not HTTP end the connection, not the server', async () => {
  for (const port of [server.httpPort, server.wsPort]) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 13, 10, 13, 10]));
    await once(socket, 'close');
  }
});

// --- Handlers ---------------------------------------------------------------------------------------------------

// A handler that must fail: what it does, the code, and what the message says.
const HOSTILE = [
  ['throws', "$state.n = 9; throw new Error('my own words');", 'EXECUTION_ERROR', /my own words/],
  ['throws what is no error', "throw 'just text';", 'EXECUTION_ERROR', /just text/],
  ['reads what is not there', 'return $state.n.a.b;', 'EXECUTION_ERROR', /undefined/],
  ['loops for ever', 'while (true) {}', 'TIMEOUT', /500/],
  ['loops for ever behind an await', 'await null; for (;;) {}', 'TIMEOUT', /500/],
  ['catches and loops on', 'for (;;) { try { for (;;) {} } catch { $state.n = 1; } }', 'TIMEOUT', /500/],
  ['never leaves a built-in', "return 'a'.repeat(30).match(/(a+)+b/);", 'TIMEOUT', /500/],
  ['allocates without end', 'const all = []; for (;;) all.push(new Array(1000).fill(all.length));', 'MEMORY_LIMIT', /./],
  ['doubles a string without end', "let s = 'x'; for (;;) s = [s, s].join('');", 'MEMORY_LIMIT', /./],
  ['recurses without end', 'const down = (n) => down(n + 1) + 1; return down(0);', 'EXECUTION_ERROR', /stack|recursion/i],
  ['recurses in JSON', 'const a = []; a[0] = a; return JSON.stringify(a);', 'EXECUTION_ERROR', /circular/i],
  ['returns what JSON cannot say', 'return 10n;', 'SERIALIZATION_ERROR', /./],
  ['waits for what cannot happen', 'await new Promise(() => {});', 'EXECUTION_ERROR', /never happen/],
];

for (const [index, [what, handler, code, message]] of HOSTILE.entries()) {
  test(`a handler that ${what} ends in ${code}`, async () => {
    const panelId = `hostile-${index}`;
    const created = await server.createPanel(panelWith(handler), { panelId });
    assert.equal(created.status, 201, created.text);
    const { status, json, text } = await server.trigger(panelId, 'run');
    assert.equal(status, 200, text);
    assert.equal(json.status, 'error', text);
    assert.equal(json.error.code, code, text);
    assert.match(json.error.message, message);
    assert.deepEqual(json.stateMutations, []);
    for (const detail of ['stack', 'location', 'snippet']) assert.ok(!(detail in json.error), detail);

    assert.deepEqual(await server.state(panelId), { n: 0 }, 'a failed segment has no effect');
    const next = await server.trigger(panelId, 'ok');
    assert.equal(next.json.returnValue, 1, 'the same panel works again at once');
  });
}

test('built-ins that never end, on far more threads than processors, are all stopped', async () => {
  const crowded = await Server.start({ env: { TIMEOUT_MS: '200', MAX_INSTANCES: '40' } });
  try {
    const panels = Array.from({ length: 40 }, (_, index) => `native-${index}`);
    for (const panelId of panels) await crowded.createPanel(panelWith('return 7n ** 9999999n;'), { panelId });
    const answers = await Promise.all(panels.map((panelId) => crowded.trigger(panelId, 'run')));
    for (const { json, text } of answers) assert.equal(json.error.code, 'TIMEOUT', text);
    for (const panelId of panels) assert.equal((await crowded.trigger(panelId, 'ok')).json.returnValue, 1);
  } finally {
    assert.equal(await crowded.stop(), 0);
  }
});

test('a handler that may not do what it does is refused or denied, and says which token it lacks', async () => {
  const source = `<NexusPanel title="Denied">
  <Data><State name="a" type="number"/><State name="b" type="number"/></Data>
  <Logic><Tool name="run">
    <Capabilities><Capability type="state:write" scope="a"/></Capabilities>
    <Handler>$state.a = 1; $state.b = 2;</Handler>
  </Tool></Logic>
  <View><Text content="{$state.a + $state.b}"/></View>
</NexusPanel>`;
  const created = await server.createPanel(source, { panelId: 'denied' });
  if (created.status === 422) {
    assert.match(created.text, /state:write:b/);
    return;
  }
  const { json } = await server.trigger('denied', 'run');
  assert.equal(json.error.code, 'PERMISSION_DENIED');
  assert.match(json.error.message, /state:write:b/);
  assert.deepEqual(await server.state('denied'), { a: 0, b: 0 });
});

test('details of an error leave the server only when it was told so', async () => {
  const open = await Server.start({ env: { DEBUG_ERRORS: 'true' } });
  try {
    await open.createPanel(panelWith("\n  throw new Error('look here');"), { panelId: 'open' });
    const { json } = await open.trigger('open', 'run');
    assert.equal(json.error.location.line, 5);
    assert.match(json.error.snippet.code ?? json.error.snippet, /look here/);
  } finally {
    await open.stop();
  }
});

test('no detail of an error leaves the server otherwise, over HTTP or WebSocket', async () => {
  const created = await server.createPanel(panelWith("\n  throw new Error('look here');"), { panelId: 'closed' });
  assert.equal(created.status, 201, created.text);
  const client = await server.connect('closed');
  client.send({ type: 'TRIGGER', tool: 'run', requestId: 'r' });
  const result = (await client.untilType('RESULT')).at(-1).result;
  await client.close();
  for (const error of [(await server.trigger('closed', 'run')).json.error, result.error])
    assert.deepEqual(error, { code: 'EXECUTION_ERROR', message: 'look here' });
});

// --- Frames -----------------------------------------------------------------------------------------------------

// What a client may wrongly say, and the code of the ERROR; the connection stays.
const FRAMES = [
  ['text that is no JSON', 'hello', 'PARSE_ERROR'],
  ['JSON that is no object', '[1,2]', 'PARSE_ERROR'],
  ['an object without a type', '{"tool":"ok"}', 'UNKNOWN_MESSAGE'],
  ['an unknown type', '{"type":"DANCE"}', 'UNKNOWN_MESSAGE'],
  ['a TRIGGER without a tool', '{"type":"TRIGGER"}', 'INVALID_ARGUMENT'],
  ['a TRIGGER of an unknown tool', '{"type":"TRIGGER","tool":"nothing"}', 'TOOL_NOT_FOUND'],
  ['a SET without a path', '{"type":"SET","value":1}', 'INVALID_ARGUMENT'],
];

for (const [what, text, code] of FRAMES) {
  test(`${what} is answered with ${code}, and the connection goes on`, async () => {
    const client = await server.connect('works');
    client.sendText(text);
    const error = await client.next();
    assert.equal(error.type, 'ERROR', JSON.stringify(error));
    assert.equal(error.code, code);
    assert.equal(typeof error.message, 'string');
    assert.equal(typeof error.version, 'number');
    client.send({ type: 'PING' });
    assert.equal((await client.next()).type, 'PONG');
    await client.close();
  });
}

// What breaks the rules of the WebSocket protocol itself, and the close code.
const BROKEN = [
  ['a binary frame', (client) => client.sendFrame(OPCODE.binary, Buffer.from([1])), [1003]],
  ['a message over the limit', (client) => client.sendText(JSON.stringify({ type: 'PING', pad: 'x'.repeat(8 << 20) })), [1009]],
  ['a frame that is not masked', (client) => client.sendFrame(OPCODE.text, Buffer.from('{}'), { masked: false }), [1002]],
  ['a reserved opcode', (client) => client.sendFrame(3, Buffer.from('{}')), [1002]],
  ['text that is not UTF-8', (client) => client.sendFrame(OPCODE.text, Buffer.from([0xff, 0xfe])), [1007]],
  ['a length beyond all limits', (client) => client.sendFrame(OPCODE.text, Buffer.from('{}'), { length: 2 ** 40 }), [1002, 1009]],
];

for (const [what, send, codes] of BROKEN) {
  test(`${what} closes the connection with ${codes.join(' or ')}`, async () => {
    const client = await server.connect('works');
    send(client);
    const code = await client.waitForClose();
    assert.ok(code === undefined || codes.includes(code), `closed with ${code}`);
  });
}

test('a plain GET of the WebSocket path is refused', async () => {
  const answer = await server.get('/panels/works/ws');
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
});

test('a client that floods is answered or closed, and nobody else notices', async () => {
  const client = await WebSocketClient.open(server.wsPort, '/panels/works/ws');
  for (let index = 0; index < 2000; index++) client.send({ type: 'TRIGGER', tool: 'nothing', requestId: `${index}` });
  await client.untilType('ERROR');
  assert.equal((await server.get('/livez')).status, 200);
  client.destroy();
});
