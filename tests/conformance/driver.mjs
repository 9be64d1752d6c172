// Raw sockets against the real nexusd: each case says what it sends and what must come back, byte for byte where that
// matters. Cases run side by side, each on a connection of its own.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export const PATIENCE_MS = 15000;
const SIDE_BY_SIDE = 24;

// A connection whose received bytes can be waited for.
export class Wire {
  bytes = Buffer.alloc(0);
  ended = false;
  #socket;
  #wake = () => {};

  static async open(port) {
    const wire = new Wire();
    wire.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(wire.#socket, 'connect');
    wire.#socket.setNoDelay(true);
    wire.#socket.on('data', (chunk) => { wire.bytes = Buffer.concat([wire.bytes, chunk]); wire.#wake(); });
    const end = () => { wire.ended = true; wire.#wake(); };
    wire.#socket.on('end', end).on('close', end).on('error', end);
    return wire;
  }

  // Bytes as they are, a string in latin1, {pause: ms}, or {half: true} to end our side. The server may have closed before
  // all of it is sent: what it answered counts.
  async send(parts) {
    for (const part of [parts].flat()) {
      if (part.pause) await delay(part.pause);
      else if (part.half) this.#socket.end();
      else if (!this.#socket.destroyed) this.#socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    }
  }

  // Waits until `take`, given the bytes so far, yields something; undefined when the server ended the connection first.
  async wait(take, what) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const taken = take(this.bytes);
      if (taken !== undefined) return taken;
      if (this.ended) return undefined;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${what} did not come within ${PATIENCE_MS} ms; received: ${show(this.bytes)}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  drop(count) {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }

  async waitForEnd() {
    await this.wait(() => (this.ended ? true : undefined), 'the end of the connection');
  }

  destroy() {
    this.#socket.destroy();
  }
}

export function show(bytes) {
  return JSON.stringify(bytes.subarray(0, 300).toString('latin1'));
}

// Runs all cases and throws one error that lists every failure.
export async function runCases(cases, run) {
  const names = new Set(cases.map(({ name }) => name));
  if (names.size !== cases.length) throw new Error('two cases have the same name');
  const failures = [];
  const left = [...cases];
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      try {
        await run(next);
      } catch (error) {
        failures.push(`${next.name}: ${error.message}`);
      }
    }
  }));
  if (failures.length > 0) throw new Error(`${failures.length} of ${cases.length} cases failed:\n${failures.join('\n')}`);
}

// `bytes` cut into pieces that are sent one by one.
export function inPieces(bytes, size) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
