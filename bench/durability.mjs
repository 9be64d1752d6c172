// How many changes a second nexusd acknowledges to 64 clients at once, with each durability, and what it costs to
// suspend and to come back. Prints one line per figure.
//
//   node bench/durability.mjs [seconds] [suspended runs]
//
// NEXUS_NEXUSD names the program. Compare figures of one run only: they depend on the disk and on who else is busy.
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { Server } from '../tests/e2e/server.mjs';

const SECONDS = Number(process.argv[2] ?? 5);
const SUSPENDED = Number(process.argv[3] ?? 1000);
const CLIENTS = 64;
const PANELS = 16;
const SOURCE = `<NexusPanel title="Bench"><Data><State name="n" type="number"/></Data><Logic>
    <Extension name="nexus.time" alias="time"/>
    <Tool name="add"><Handler>$state.n = $state.n + 1;</Handler></Tool>
    <Tool name="wait"><Handler>$state.n = $state.n + 1; await $ext.time.sleep(86400000);</Handler></Tool>
    <Tool name="nap"><Arg name="ms" type="number"/><Handler>await $ext.time.sleep($args.ms); $state.n = $state.n + 1;</Handler></Tool>
  </Logic><View><Text content="{$state.n}"/></View></NexusPanel>`;

// A client that sends the next request when the last one is answered, over one connection.
class Client {
  static async open(port, path, extra = '') {
    const client = new Client();
    client.socket = connect(port, '127.0.0.1');
    client.socket.setNoDelay();
    await once(client.socket, 'connect');
    client.request = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${extra}Content-Length: 2\r\n\r\n{}`;
    return client;
  }

  // Resolves when `until` has passed, with how many were answered and each one's time.
  async run(until) {
    const times = [];
    let text = '';
    let sent = performance.now();
    this.socket.write(this.request);
    for await (const chunk of this.socket) {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) continue;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))[1]);
      if (text.length < head + 4 + length) continue;
      if (!/^HTTP\/1.1 20/.test(text)) throw new Error(text);
      text = '';
      const now = performance.now();
      times.push(now - sent);
      if (now >= until) break;
      sent = now;
      this.socket.write(this.request);
    }
    this.socket.destroy();
    return times;
  }
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const p99 = (times) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];

async function load(server, durability, tool, clients, seconds, extra) {
  for (let i = 0; i < PANELS; ++i) await server.createPanel(SOURCE, { panelId: `${durability}-${i}`, durability });
  const open = await Promise.all(Array.from({ length: clients }, (_, i) =>
    Client.open(server.httpPort, `/panels/${durability}-${i % PANELS}/trigger/${tool}`, extra)));
  const began = performance.now();
  const times = (await Promise.all(open.map((client) => client.run(began + seconds * 1000)))).flat();
  const rate = times.length / ((performance.now() - began) / 1000);
  for (let i = 0; i < PANELS; ++i) await server.request('DELETE', `/panels/${durability}-${i}`);
  return { rate, times };
}

const server = await Server.start({ env: { MAX_SUSPENDED: String(SUSPENDED + 100), RATE_LIMIT_ADDRESS: '1000000' } });
try {
  const rates = {};
  for (const durability of ['none', 'commit', 'async', 'none', 'commit', 'async']) {
    const { rate, times } = await load(server, durability, 'add', CLIENTS, SECONDS);
    (rates[durability] ??= []).push(rate);
    console.log(`${durability}: ${rate.toFixed(0)} changes/s with ${CLIENTS} clients, median ${median(times).toFixed(2)} ms, p99 ${p99(times).toFixed(2)} ms`);
  }
  const best = (durability) => Math.max(...rates[durability]);
  console.log(`commit / none: ${(100 * best('commit') / best('none')).toFixed(0)} %`);

  const plain = await load(server, 'commit', 'add', 1, SECONDS);
  const waits = await load(server, 'commit', 'wait', 1, Math.min(SECONDS, 2), 'Prefer: respond-async\r\n');
  console.log(`one client: change and commit ${median(plain.times).toFixed(3)} ms, suspend and commit ${median(waits.times).toFixed(3)} ms`);

  await server.createPanel(SOURCE, { panelId: 'nap' });
  for (let i = 0; i < SUSPENDED; i += 64)
    await Promise.all(Array.from({ length: Math.min(64, SUSPENDED - i) }, () => server.request('POST', '/panels/nap/trigger/nap', {
      body: '{"ms":60000}', type: 'application/json', headers: { prefer: 'respond-async' } })));
  await server.kill();
  const began = performance.now();
  await server.restart();
  console.log(`${SUSPENDED} suspended runs: back and serving ${(performance.now() - began).toFixed(0)} ms after the start`);
  console.log(/came back from the store in \d+ ms/.exec(server.log)?.[0] ?? '');
  await delay(1);
} finally {
  await server.stop();
}
