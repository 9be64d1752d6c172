// The cases of websocket_cases.mjs, and those of the opening handshake.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Server, panelWith } from '../e2e/server.mjs';
import { OPCODE, encodeFrame, takeFrame } from '../e2e/websocket.mjs';
import { PATIENCE_MS, Wire, runCases, show } from './driver.mjs';
import { handshakeCases } from './handshake_cases.mjs';
import { websocketCases } from './websocket_cases.mjs';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

let server;

before(async () => {
  server = await Server.start();
  assert.equal((await server.createPanel(panelWith('return 1;'), { panelId: 'p' })).status, 201);
});
after(() => server.stop());

const takeHead = (bytes) => {
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? undefined : end + 4;
};

async function open(protocol) {
  const wire = await Wire.open(server.wsPort);
  await wire.send(`GET /panels/p/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    + `Sec-WebSocket-Key: ${KEY}\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`);
  const head = wire.drop(await wire.wait(takeHead, 'the answer to the upgrade')).toString('latin1');
  assert.match(head, /^HTTP\/1\.1 101 /);
  await nextFrame(wire); // CONNECTED
  return wire;
}

const named = (wanted) => websocketCases.find(({ name }) => name === wanted);

async function nextFrame(wire) {
  const taken = await wire.wait((bytes) => takeFrame(bytes), 'a frame');
  if (!taken) return undefined;
  wire.bytes = taken.rest;
  return taken.frame;
}

// How a frame of the server is written in the cases. MessagePack is told by its text, which is enough here.
function describe(frame) {
  if (!frame) return 'the end of the connection';
  if (frame.opcode === OPCODE.close) return frame.payload.length === 0 ? 'close' : `close ${frame.payload.readUInt16BE(0)}`;
  if (frame.opcode === OPCODE.pong) return `pong:${frame.payload.toString('latin1')}`;
  const text = frame.payload.toString('utf8');
  const type = /CONNECTED|PATCH|EVENT|VIEW|PROGRESS|RESULT|ERROR|PONG/.exec(text)?.[0];
  return type === 'ERROR' ? `ERROR ${/code\W+([A-Z_]{6,})/.exec(text)?.[1]}` : `${type}`;
}

function matches(seen, wanted) {
  if (!wanted.startsWith('close ')) return seen === wanted;
  return wanted.slice('close '.length).split('|').some((code) => seen === `close ${code}`);
}

async function expectFrames(wire, { expect, skipOlderPongs }) {
  for (const wanted of expect) {
    let seen = describe(await nextFrame(wire));
    while (skipOlderPongs && seen.startsWith('pong:') && seen !== wanted) seen = describe(await nextFrame(wire));
    if (!matches(seen, wanted)) throw new Error(`came ${JSON.stringify(seen.slice(0, 80))}, expected ${JSON.stringify(wanted.slice(0, 80))}`);
  }
}

async function runCase(item) {
  const wire = await open(item.protocol);
  try {
    await wire.send(item.send);
    await expectFrames(wire, item);
    if (item.end === 'closed') {
      // The answer to the server's close, which it waits for; it is none of the server's business when it closed first.
      await wire.send(encodeFrame(OPCODE.close, Buffer.from([3, 232])));
      await wire.waitForEnd();
      if (wire.bytes.length > 0) throw new Error(`more came after the close: ${show(wire.bytes)}`);
    } else {
      await wire.send(encodeFrame(OPCODE.ping, Buffer.from('still there?')));
      await expectFrames(wire, { expect: ['pong:still there?'] });
    }
  } finally {
    wire.destroy();
  }
}

async function noClientIsLeft() {
  const deadline = Date.now() + PATIENCE_MS;
  let clients;
  do {
    clients = Number(/^nexus_websocket_clients (\d+)$/m.exec((await server.get('/metrics')).text)[1]);
  } while (clients > 0 && Date.now() < deadline);
  assert.equal(clients, 0);
}

async function runHandshake(item) {
  const wire = await Wire.open(item.port === 'http' ? server.httpPort : server.wsPort);
  try {
    await wire.send(item.send.replaceAll('KEY', KEY));
    const end = await wire.wait(takeHead, 'an answer');
    if (end === undefined) throw new Error('the connection ended without an answer');
    const head = wire.drop(end).toString('latin1');
    const status = Number(head.split(' ')[1]);
    if (status !== item.status) throw new Error(`status ${status}, expected ${item.status}`);
    if (status === 101 && !head.includes(`Sec-WebSocket-Accept: ${ACCEPT}`)) throw new Error(`another accept: ${head}`);
    const echoed = /^sec-websocket-protocol: (.*)$/im.exec(head)?.[1];
    if (echoed !== item.protocol) throw new Error(`subprotocol ${echoed}, expected ${item.protocol}`);
    if (/^sec-websocket-extensions:/im.test(head)) throw new Error('an extension was agreed on');
  } finally {
    wire.destroy();
  }
}

test(`${websocketCases.length} WebSocket cases of RFC 6455 and of the protocol`, async () => {
  assert.ok(websocketCases.length >= 200);
  await runCases(websocketCases, runCase);
});

// With bytes unread, closing a socket takes back what was sent: whether the peer saw it before was chance.
test('a client that goes on sending after its mistake always learns why it is cut', () => {
  const tooLarge = named('a message one byte too large');
  return runCases(Array.from({ length: 300 }, (_, at) => ({ ...tooLarge, name: `client ${at}` })), runCase);
});

test('a client that never ends its side is cut in time', async () => {
  const wire = await open();
  try {
    const { send, expect } = named('a message announced as too large, of which nothing is sent');
    await wire.send(send);
    await expectFrames(wire, { expect });
    await noClientIsLeft();
  } finally {
    wire.destroy();
  }
});

test(`${handshakeCases.length} opening handshakes`, () => runCases(handshakeCases, runHandshake));

test('after all of them the server is well and has no client left', async () => {
  assert.equal((await server.get('/readyz')).status, 200);
  await noClientIsLeft();
});
