// How many changes a second nexusd acknowledges to 64 clients at once, with each durability, and what it costs to
// suspend and to come back. Prints one line per figure.
//
//   node bench/durability.mjs [seconds] [suspended runs]
//
// NEXUS_NEXUSD names the program. Compare figures of one run only: they depend on the disk and on who else is busy. The
// clients run on the same machine; where server and clients together use all processors, `commit` pays for its writer
// thread with their time.
import { connect } from 'node:net';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { Server } from '../tests/e2e/server.mjs';

const SECONDS = Number(process.argv[2] ?? 5);
const SUSPENDED = Number(process.argv[3] ?? 1000);
const CLIENTS = 64;
const ROUNDS = 3;
const TICKS_PER_SECOND = 100; // of /proc on Linux
const PANELS = 16;
const SOURCE = `<NexusPanel title="Bench"><Data><State name="n" type="number"/></Data><Logic>
    <Extension name="nexus.time" alias="time"/>
    <Tool name="add"><Handler>$state.n = $state.n + 1;</Handler></Tool>
    <Tool name="wait"><Handler>$state.n = $state.n + 1; await $ext.time.sleep(86400000);</Handler></Tool>
    <Tool name="nap"><Arg name="ms" type="number"/><Handler>await $ext.time.sleep($args.ms); $state.n = $state.n + 1;</Handler></Tool>
  </Logic><View><Text content="{$state.n}"/></View></NexusPanel>`;

// A client that sends the next request when the last one is answered, over one connection. It does no more than it
// must, since it shares the machine with what it measures.
class Client {
  static async open(port, path, extra = '') {
    const client = new Client();
    client.socket = connect(port, '127.0.0.1');
    client.socket.setNoDelay();
    await once(client.socket, 'connect');
    client.request = Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${extra}Content-Length: 2\r\n\r\n{}`, 'latin1');
    return client;
  }

  // Resolves when `until` has passed, with the time of each answer in ms.
  run(until) {
    return new Promise((resolve, reject) => {
      const times = [];
      let text = '';
      let sent = performance.now();
      this.socket.on('error', reject);
      this.socket.on('close', () => reject(new Error('the server closed the connection')));
      this.socket.on('data', (chunk) => {
        text += chunk.latin1Slice();
        const end = text.indexOf('\r\n\r\n');
        if (end < 0 || text.length < end + 4 + Number.parseInt(text.slice(text.indexOf('Content-Length: ') + 16, end), 10)) return;
        if (!text.startsWith('HTTP/1.1 20')) return reject(new Error(text));
        text = '';
        const now = performance.now();
        times.push(now - sent);
        if (now < until) {
          sent = now;
          this.socket.write(this.request);
        } else {
          this.socket.removeAllListeners('close').destroy();
          resolve(times);
        }
      });
      this.socket.write(this.request);
    });
  }
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const p99 = (times) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];

// Seconds of processor time the process has used.
async function processorTime(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').pop().split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function load(server, durability, tool, clients, seconds, extra) {
  for (let i = 0; i < PANELS; ++i) {
    const { status, text } = await server.createPanel(SOURCE, { panelId: `${durability}-${i}`, durability });
    if (status !== 201) throw new Error(text);
  }
  const open = await Promise.all(Array.from({ length: clients }, (_, i) =>
    Client.open(server.httpPort, `/panels/${durability}-${i % PANELS}/trigger/${tool}`, extra)));
  const [serverBefore, clientBefore] = [await processorTime(server.pid), await processorTime(process.pid)];
  const began = performance.now();
  const times = (await Promise.all(open.map((client) => client.run(began + seconds * 1000)))).flat();
  const took = (performance.now() - began) / 1000;
  const cores = { server: (await processorTime(server.pid) - serverBefore) / took, clients: (await processorTime(process.pid) - clientBefore) / took };
  for (let i = 0; i < PANELS; ++i) await server.request('DELETE', `/panels/${durability}-${i}`);
  return { rate: times.length / took, times, cores };
}

const server = await Server.start({ env: { MAX_SUSPENDED: String(SUSPENDED + 100), RATE_LIMIT_ADDRESS: '1000000' } });
try {
  await load(server, 'commit', 'add', CLIENTS, 1); // so that nobody pays for what is done once
  const rates = { none: [], commit: [], async: [] };
  for (let round = 0; round < ROUNDS; ++round) {
    const order = Object.keys(rates);
    for (let i = 0; i < order.length; ++i) {
      const durability = order[(round + i) % order.length];
      const { rate, times, cores } = await load(server, durability, 'add', CLIENTS, SECONDS);
      rates[durability].push(rate);
      console.log(`${durability}: ${rate.toFixed(0)} changes/s with ${CLIENTS} clients, median ${median(times).toFixed(2)} ms, p99 ${p99(times).toFixed(2)} ms; ` +
        `processors: server ${cores.server.toFixed(2)}, clients ${cores.clients.toFixed(2)}`);
    }
  }
  for (const durability of ['commit', 'async']) {
    const ratios = rates[durability].map((rate, i) => 100 * rate / rates.none[i]);
    console.log(`${durability} / none: ${median([...ratios]).toFixed(0)} % (rounds: ${ratios.map((ratio) => ratio.toFixed(0)).join(', ')})`);
  }

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
