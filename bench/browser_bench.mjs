// What a change costs in the browser: whether it depends on the panel's size, what a thousand a second do to the page, and
// what a line more costs a log that has a hundred thousand.
//
// Usage: node bench/browser_bench.mjs [--nodes N] [--seconds S] [--rate R]
//
// Real nexusd (build/release, or NEXUSD), real Chromium, real sockets on loopback. Times are those of the page itself: from
// the entry of a message's handler to its end, and what Chromium counts for style and layout.
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

import { Browser, startServer } from '../tests/browser/browser.mjs';

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '10000' }, seconds: { type: 'string', default: '10' }, rate: { type: 'string', default: '1000' } },
});
const LARGE = Number(values.nodes);
const SMALL = LARGE / 100;
const SECONDS = Number(values.seconds);
const RATE = Number(values.rate);
const CHANGES = 200;
const SOCKETS = 4;
const LINES = 100_000;
const LINE_RATE = 100;
const LONG_TASK_MS = 50;

// `nodes` texts, each bound to a key; two share one.
function documentWith(nodes) {
  const keys = Array.from({ length: nodes / 2 }, (_, i) => `k${i}`);
  return `<NexusPanel title="${nodes} nodes"><Data>${keys.map((key) => `<State name="${key}" type="number" default="0"/>`).join('')}</Data>
<Logic><Tool name="one"><Handler>$state.k7 += 1;</Handler></Tool>
<Tool name="any"><Arg name="at" type="number"/><Handler>$state['k' + $args.at] += 1;</Handler></Tool></Logic>
<View><Layout>${[...keys, ...keys].map((key) => `<Text content="{$state.${key}}"/>`).join('')}</Layout></View></NexusPanel>`;
}

// In the page, before its scripts: how long each message's handler takes, and long tasks.
function instrument() {
  const figures = { handlers: [], longTasks: [], mutations: 0, patches: 0 };
  window.figures = figures;
  const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    set(handler) {
      set.call(this, handler && ((event) => {
        const start = performance.now();
        handler.call(this, event);
        if (!String(event.data).startsWith('{"type":"PATCH"')) return;
        figures.patches++;
        figures.handlers.push(performance.now() - start);
      }));
    },
  });
  new PerformanceObserver((list) => figures.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
}

function watchMutations() {
  const count = (records) => { window.figures.mutations += records.length; };
  new MutationObserver(count).observe(document.querySelector('nexus-panel').shadowRoot, { subtree: true, childList: true, characterData: true, attributes: true });
}

const clear = (page) => page.evaluate(() => Object.assign(window.figures, { handlers: [], longTasks: [], mutations: 0, patches: 0 }));
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
const ms = (value) => `${value.toFixed(2)} ms`;

async function openInstrumented(browser, server, id) {
  const page = await browser.open('about:blank');
  await page.addInitScript(instrument);
  const start = Date.now();
  await page.goto(`${server.base}/p/${id}`);
  await page.locator('nexus-panel .nx-layout').waitFor();
  await page.evaluate(watchMutations);
  console.log(`${id}: drawn after ${Date.now() - start} ms`);
  return page;
}

async function chromiumCounts(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return async () => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
}

// One change after the other, each waited for, so that no two fall into one frame.
async function oneKey(page, server, id) {
  const counts = await chromiumCounts(page);
  const client = await server.connect(id);
  await clear(page);
  const before = await counts();
  for (let i = 1; i <= CHANGES; i++) {
    client.send({ type: 'TRIGGER', tool: 'one' });
    await page.waitForFunction((n) => document.querySelector('nexus-panel').shadowRoot.querySelectorAll('.nx-text')[7].textContent === String(n), i, { polling: 'raf' });
  }
  await delay(200);
  const after = await counts();
  const figures = await page.evaluate(() => window.figures);
  client.close();
  const handlers = figures.handlers.sort((a, b) => a - b);
  const per = (name) => (after[name] - before[name]) / CHANGES;
  console.log(
    `${id}: ${(figures.mutations / CHANGES).toFixed(2)} DOM mutations a change, handler median ${ms(quantile(handlers, 0.5))} p99 ${ms(quantile(handlers, 0.99))}, ` +
    `style ${ms(1000 * per('RecalcStyleDuration'))}, layout ${ms(1000 * per('LayoutDuration'))}, script ${ms(1000 * per('ScriptDuration'))} a change`,
  );
}

// `rate` triggers a second on a fixed schedule, whatever the page does; `messageOf` gives the nth.
async function flood(page, server, id, { what, rate, messageOf }) {
  const clients = await Promise.all(Array.from({ length: SOCKETS }, () => server.connect(id, { query: '?patches=json-patch' })));
  await clear(page);
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < SECONDS * 1000) {
    for (const due = ((performance.now() - start) / 1000) * rate; sent < due; sent++) clients[sent % SOCKETS].send(messageOf(sent));
    await delay(2);
  }
  const version = (await server.get(`/panels/${id}`)).json.version;
  const caughtUp = performance.now();
  await page.waitForFunction((wanted) => document.querySelector('nexus-panel').client.version >= wanted, version, { polling: 'raf' });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const behind = performance.now() - caughtUp;
  const { patches, longTasks, handlers, mutations } = await page.evaluate(() => window.figures);
  for (const client of clients) client.close();
  handlers.sort((a, b) => a - b);
  const long = longTasks.filter((duration) => duration > LONG_TASK_MS).sort((a, b) => b - a);
  console.log(
    `${id}, ${what}: ${(sent / SECONDS).toFixed(0)} runs a second for ${SECONDS} s, the page had ${(patches / SECONDS).toFixed(0)} patches a second, ${mutations} DOM mutations, ` +
    `handler median ${ms(quantile(handlers, 0.5))} p99 ${ms(quantile(handlers, 0.99))}; caught up in ${behind.toFixed(0)} ms; ` +
    `${long.length} tasks over ${LONG_TASK_MS} ms${long.length > 0 ? `, the longest ${long[0].toFixed(0)} ms` : ''}`,
  );
}

const ONE_KEY = { what: 'one key', rate: RATE, messageOf: () => ({ type: 'TRIGGER', tool: 'one' }) };
const ANY_KEY = (nodes) => ({ what: 'each key in turn', rate: RATE, messageOf: (at) => ({ type: 'TRIGGER', tool: 'any', args: { at: at % (nodes / 2) } }) });
const LINE = { what: `a log of ${LINES} lines`, rate: LINE_RATE, messageOf: (at) => ({ type: 'TRIGGER', tool: 'log', args: { text: `line ${at}` } }) };

const LOG = `<NexusPanel title="Log" durability="none"><Data><State name="logs" type="list" default="[]"/></Data>
<Logic><Tool name="fill"><Arg name="count" type="number"/><Handler>$state.logs = Array.from({ length: $args.count }, (_, at) => 'line ' + at);</Handler></Tool>
<Tool name="log"><Arg name="text" type="string"/><Handler>$state.logs.push($args.text);</Handler></Tool></Logic>
<View><Layout><LogStream data="{$state.logs}" height="400"/></Layout></View></NexusPanel>`;

const server = await startServer({});
const browser = await Browser.launch();
try {
  for (const nodes of [SMALL, LARGE]) {
    const created = await server.createPanel(documentWith(nodes), { panelId: `nodes-${nodes}` });
    if (created.status !== 201) throw new Error(`no panel of ${nodes} nodes: ${created.text.slice(0, 500)}`);
    const page = await openInstrumented(browser, server, `nodes-${nodes}`);
    await oneKey(page, server, `nodes-${nodes}`);
    await flood(page, server, `nodes-${nodes}`, ONE_KEY);
    await flood(page, server, `nodes-${nodes}`, ANY_KEY(nodes));
    await page.context().close();
  }
  const created = await server.createPanel(LOG, { panelId: 'log' });
  if (created.status !== 201) throw new Error(`no log: ${created.text.slice(0, 500)}`);
  const filled = (await server.trigger('log', 'fill', { count: LINES })).json;
  if (filled.status !== 'success') throw new Error(`the log was not filled: ${JSON.stringify(filled).slice(0, 500)}`);
  await flood(await openInstrumented(browser, server, 'log'), server, 'log', LINE);
} finally {
  await browser.close();
  await server.stop();
}
