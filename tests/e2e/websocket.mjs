// A small raw WebSocket client (RFC 6455) on a plain socket: it can send what a well-behaved client cannot, such as
// malformed frames, and it runs on every Node.js the project supports.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

import { checkServerMessage } from './contract.mjs';

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// One frame from client to server. `masked: false` and `length` (a lie about the payload's length) make bad ones.
export function encodeFrame(opcode, payload, { fin = true, masked = true, length = payload.length } = {}) {
  const first = (fin ? 0x80 : 0) | opcode;
  const maskBit = masked ? 0x80 : 0;
  let header;
  if (length < 126) {
    header = Buffer.from([first, maskBit | length]);
  } else if (length < 65536) {
    header = Buffer.from([first, maskBit | 126, length >> 8, length & 255]);
  } else {
    header = Buffer.alloc(10);
    header[0] = first;
    header[1] = maskBit | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([header, payload]);
  const mask = randomBytes(4);
  const body = Buffer.from(payload.map((byte, index) => byte ^ mask[index & 3]));
  return Buffer.concat([header, mask, body]);
}

// Splits the first whole frame off `bytes`; undefined when it has not all arrived.
export function takeFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let length = bytes[1] & 127;
  let offset = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    offset = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    offset = 10;
  }
  if (bytes.length < offset + length) return undefined;
  const frame = { fin: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 15, payload: bytes.subarray(offset, offset + length) };
  return { frame, rest: bytes.subarray(offset + length) };
}

function upgradeRequest(host, port, path, key, headers) {
  const lines = [
    `GET ${path} HTTP/1.1`, `Host: ${host}:${port}`, 'Connection: Upgrade', 'Upgrade: websocket',
    'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

export class WebSocketClient {
  messages = []; // every JSON message in order of arrival, also those that were waited for
  closeCode = undefined; // of the server's close frame
  closed = false;
  #socket;
  #bytes = Buffer.alloc(0);
  #partial = [];
  #read = 0; // how many of `messages` next() has handed out
  #waiters = [];
  #problem; // the first message that is not of the protocol

  // Resolves to a client that is connected; rejects with `status` set when the server refuses the upgrade.
  static async open(port, path, { host = '127.0.0.1', headers = {} } = {}) {
    const socket = connect(port, host);
    await once(socket, 'connect');
    const key = randomBytes(16).toString('base64');
    socket.write(upgradeRequest(host, port, path, key, headers));
    const { head, rest } = await WebSocketClient.#readHead(socket);
    const status = Number(head.split(' ')[1]);
    if (status !== 101) {
      socket.destroy();
      throw Object.assign(new Error(`upgrade refused with ${status}`), { status });
    }
    const accept = createHash('sha1').update(key + ACCEPT_SUFFIX).digest('base64');
    if (!head.includes(accept)) throw new Error('the server answered another key');
    const client = new WebSocketClient();
    client.head = head;
    client.#attach(socket, rest);
    return client;
  }

  static #readHead(socket) {
    return new Promise((resolve, reject) => {
      let bytes = Buffer.alloc(0);
      const onEnd = () => reject(new Error('the connection ended during the upgrade'));
      const onData = (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.off('data', onData).off('close', onEnd).off('error', reject);
        resolve({ head: bytes.toString('latin1', 0, end), rest: bytes.subarray(end + 4) });
      };
      socket.on('data', onData).on('close', onEnd).on('error', reject);
    });
  }

  #attach(socket, rest) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('close', () => this.#settle());
    socket.on('error', () => {}); // a reset by the server shows as `closed`
    if (rest.length > 0) this.#receive(rest);
  }

  #receive(chunk) {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let taken = takeFrame(this.#bytes); taken; taken = takeFrame(this.#bytes)) {
      this.#bytes = taken.rest;
      this.#handle(taken.frame);
    }
  }

  #handle({ fin, opcode, payload }) {
    if (opcode === OPCODE.ping) return this.sendFrame(OPCODE.pong, payload);
    if (opcode === OPCODE.close) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.closeReason = payload.toString('utf8', 2);
      this.sendFrame(OPCODE.close, payload.subarray(0, 2));
      this.#socket.end();
      return undefined;
    }
    if (opcode === OPCODE.pong) return undefined;
    this.#partial.push(payload);
    if (!fin) return undefined;
    const text = Buffer.concat(this.#partial).toString('utf8');
    this.#partial = [];
    this.messages.push(JSON.parse(text));
    try {
      checkServerMessage(this.messages.at(-1));
    } catch (error) {
      this.#problem ??= error;
    }
    return this.#wake();
  }

  #wake() {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #settle() {
    this.closed = true;
    this.#wake();
  }

  sendFrame(opcode, payload, options) {
    this.#socket.write(encodeFrame(opcode, Buffer.from(payload), options));
  }

  sendText(text) {
    this.sendFrame(OPCODE.text, text);
  }

  send(message) {
    this.sendText(JSON.stringify(message));
  }

  #changed(deadline) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(deadline - Date.now(), 0));
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  // The next message not yet handed out.
  async next(timeoutMs = 10000) {
    const deadline = Date.now() + timeoutMs;
    if (this.#problem) throw this.#problem;
    while (this.#read === this.messages.length) {
      if (this.closed) throw new Error(`the server closed the connection (${this.closeCode})`);
      if (Date.now() >= deadline) throw new Error(`no message within ${timeoutMs} ms`);
      await this.#changed(deadline);
    }
    return this.messages[this.#read++];
  }

  // All messages up to and including the first that `matches`.
  async until(matches, timeoutMs = 10000) {
    const seen = [];
    do seen.push(await this.next(timeoutMs)); while (!matches(seen.at(-1)));
    return seen;
  }

  untilType(type, timeoutMs) {
    return this.until((message) => message.type === type, timeoutMs);
  }

  // Resolves to the close code once the connection is gone.
  async waitForClose(timeoutMs = 10000) {
    const deadline = Date.now() + timeoutMs;
    while (!this.closed) {
      if (Date.now() >= deadline) throw new Error(`not closed within ${timeoutMs} ms`);
      await this.#changed(deadline);
    }
    return this.closeCode;
  }

  async close() {
    if (this.closed) return;
    this.sendFrame(OPCODE.close, Buffer.from([3, 232]));
    await this.waitForClose();
  }

  // Stops reading, as a client does that cannot keep up.
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  destroy() {
    this.#socket.destroy();
  }
}
