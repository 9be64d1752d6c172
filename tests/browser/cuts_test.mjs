// Connections that are cut: whatever happened meanwhile, at rest the page shows what the server holds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, test } from 'node:test';

import { Browser, browser, eventually, server, useServer, waitFor } from './browser.mjs';

const PANEL = `<NexusPanel title="Cuts">
  <Data><State name="n" type="number" default="0"/><State name="text" type="string" default=""/>
    <State name="rows" type="list" default="[]"/><Computed name="double" value="$state.n * 2"/></Data>
  <Logic>
    <Tool name="add"><Handler><![CDATA[
      $state.n += 1; $state.rows.push({ id: $state.n }); if ($state.rows.length > 20) $state.rows = $state.rows.slice(-10);
    ]]></Handler></Tool>
  </Logic>
  <View><Layout strategy="stack">
    <Metric label="Count" value="{$state.n}"/>
    <Metric label="Double" value="{$state.double}"/>
    <Input bind="$state.text" label="Text"/>
    <Button label="Add" trigger="add"/>
    <Button label="Add later" trigger="add" offline="queue"/>
    <Iterate items="{$state.rows}" as="row" key="id"><Text variant="h4" content="row {$scope.row.id}"/></Iterate>
  </Layout></View>
</NexusPanel>`;

let proxy;

// Passes everything on to nexusd, until it is told to cut.
class Proxy {
  #sockets = new Set();
  #server;
  refuses = false;
  refused = 0;
  // Whether what nexusd says gets lost on the way.
  mute = false;

  static async start(port) {
    const proxy = new Proxy();
    proxy.#server = createServer((from) => {
      if (proxy.refuses) {
        proxy.refused++;
        return from.destroy();
      }
      const to = connect(port, '127.0.0.1');
      for (const socket of [from, to]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          proxy.#sockets.delete(socket);
          from.destroy();
          to.destroy();
        });
      }
      from.pipe(to);
      to.on('data', (chunk) => {
        if (!proxy.mute) from.write(chunk);
      });
    }).listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get base() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close() {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

// The same sequence for the same seed, so that a failure can be had again.
function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

// A browser reports each connection that is lost, which here is the point.
useServer({}, {
  expected: /WebSocket|ERR_|Failed to load/,
  prepare: async () => { proxy = await Proxy.start(server.httpPort); },
});
after(() => proxy?.close());

async function openPanel(id) {
  const created = await server.createPanel(PANEL, { panelId: id });
  assert.equal(created.status, 201, created.text);
  return browser.openPanel({ base: proxy.base }, id);
}

const shown = (page) => page.evaluate(() => {
  const panel = document.getElementById('panel');
  const root = panel.shadowRoot;
  const metric = (label) => Number(root.querySelector(`[aria-label="${label}"] .nx-metric-value`).textContent);
  return {
    state: panel.client.state,
    view: {
      n: metric('Count'), double: metric('Double'), text: root.querySelector('input').value,
      rows: [...root.querySelectorAll('.nx-text')].map(({ textContent }) => ({ id: Number(textContent.slice(4)) })),
    },
  };
});

// Live, nothing under way, nothing unsent.
const atRest = () => {
  const { client } = document.getElementById('panel');
  return client.status.kind === 'live' && !document.getElementById('panel').shadowRoot.querySelector('[aria-busy=true], [data-pending=true]');
};

async function assertSame(page, id) {
  await waitFor(page, atRest, true);
  const { status, json, headers } = await server.get(`/panels/${id}/state`);
  assert.equal(status, 200);
  // Perhaps it has yet to notice that it was cut.
  await eventually(() => page.evaluate(() => document.getElementById('panel').client.version), Number(/(\d+)"$/.exec(headers.get('etag'))[1]));
  const { state, view } = await shown(page);
  assert.deepEqual(state, json);
  assert.deepEqual(view, { n: json.n, double: json.double, text: json.text, rows: json.rows });
  return json;
}

for (const seed of process.env.NEXUS_LONG ? [1, 2, 3, 4, 5, 6] : [1]) {
  test(`after cuts at random while a script clicks and types, page and server agree (seed ${seed})`, async () => {
    const id = `cuts-${seed}`;
    const page = await openPanel(id);
    const next = random(seed);
    let clicks = 0;
    for (let step = 0; step < 40; step++) {
      const what = next();
      if (what < 0.25) proxy.cut();
      else if (what < 0.4) await page.getByLabel('Text').fill(`text ${step}`);
      else {
        await page.getByRole('button', { name: what < 0.7 ? 'Add' : 'Add later', exact: true }).click();
        clicks++;
      }
      await page.waitForTimeout(Math.floor(next() * 120));
    }
    const { n } = await assertSame(page, id);
    assert.ok(n > 0 && n <= clicks, `${n} of ${clicks} clicks counted`);
  });
}

test('clicks that are to wait for the connection run once each when it is back, others say that they did not', async () => {
  const page = await openPanel('queue');
  proxy.refuses = true;
  proxy.cut();
  await waitFor(page, () => document.getElementById('panel').client.status.kind !== 'live', true);
  const later = page.getByRole('button', { name: 'Add later' });
  for (let click = 0; click < 3; click++) await later.click();
  await page.getByRole('progressbar', { name: 'Waiting for the connection' }).waitFor();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('not sent: there is no connection to the server').waitFor();
  await page.getByLabel('Text').fill('typed while away');
  const retry = page.getByRole('button', { name: 'Retry now' });
  await retry.waitFor();
  proxy.refuses = false;
  // It goes as soon as an attempt of its own succeeds.
  await page.locator('.nx-banner-retry').evaluate((element) => element.click());
  const state = await assertSame(page, 'queue');
  assert.equal(state.n, 3);
  assert.equal(state.text, 'typed while away');
});

test('a page that never reached the server says so, and shows the panel as soon as it does', async () => {
  const created = await server.createPanel(PANEL, { panelId: 'late' });
  assert.equal(created.status, 201, created.text);
  const page = await browser.open(`${proxy.base}/`);
  await page.evaluate(() => import('/assets/reactor.js').then(() => undefined));
  proxy.refuses = true;
  proxy.cut();
  await page.evaluate(() => {
    const panel = document.createElement('nexus-panel');
    panel.src = '/panels/late';
    document.body.append(panel);
  });
  await page.getByText('The server cannot be reached').waitFor();
  proxy.refuses = false;
  await page.getByRole('group', { name: 'Double' }).waitFor();
});

test('focus, caret and scroll position survive a cut', async () => {
  const page = await openPanel('focus');
  for (let at = 0; at < 12; at++) await server.trigger('focus', 'add');
  const field = page.getByLabel('Text');
  await field.fill('hello');
  await field.evaluate((input) => input.setSelectionRange(2, 4));
  await page.setViewportSize({ width: 600, height: 300 });
  await page.evaluate(() => scrollTo(0, 80));
  const before = await page.evaluate(() => scrollY);
  await waitFor(page, atRest, true);
  proxy.cut();
  await server.trigger('focus', 'add');
  await page.locator('.nx-text', { hasText: 'row 13' }).waitFor();
  assert.deepEqual(await field.evaluate((input) => [input.matches(':focus'), input.selectionStart, input.selectionEnd]), [true, 2, 4]);
  assert.equal(await page.evaluate(() => scrollY), before);
  await assertSame(page, 'focus');
});

test('the server goes and comes back: the page catches up by itself', async () => {
  const page = await openPanel('away');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await assertSame(page, 'away');
  proxy.refuses = true;
  proxy.cut();
  for (let at = 0; at < 7; at++) await server.trigger('away', 'add');
  const { refused } = proxy;
  await eventually(() => proxy.refused > refused, true);
  proxy.refuses = false;
  const { n } = await assertSame(page, 'away');
  assert.equal(n, 8);
});

test('a write whose confirmation was lost in a cut does not undo what others wrote since', async () => {
  const page = await openPanel('lost');
  await waitFor(page, atRest, true);
  proxy.mute = true;
  await page.getByLabel('Text').fill('mine');
  const text = async () => (await server.state('lost')).text;
  await eventually(text, 'mine');
  const other = await server.connect('lost');
  other.send({ type: 'SET', path: ['text'], value: 'theirs' });
  await eventually(text, 'theirs');
  proxy.cut();
  proxy.mute = false;
  assert.equal((await assertSame(page, 'lost')).text, 'theirs');
});

test('after a cut only what was missed is sent, not the whole state', async () => {
  const page = await openPanel('resume');
  const hellos = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => {
    const message = JSON.parse(payload);
    if (message.type === 'CONNECTED') hellos.push(message);
  }));
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await assertSame(page, 'resume');
  proxy.refuses = true;
  proxy.cut();
  for (let at = 0; at < 3; at++) await server.trigger('resume', 'add');
  proxy.refuses = false;
  const { n } = await assertSame(page, 'resume');
  assert.equal(n, 4);
  assert.ok(hellos.length > 0);
  assert.ok(hellos.every(({ resumed, state }) => resumed && state === undefined), JSON.stringify(hellos));
});

test('two browsers on one panel see the same after both were cut', async () => {
  const other = await Browser.launch();
  try {
    const page = await openPanel('both');
    const second = await other.openPanel({ base: proxy.base }, 'both');
    for (let round = 0; round < 5; round++) {
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await second.getByRole('button', { name: 'Add', exact: true }).click();
      if (round % 2 === 0) proxy.cut();
      await waitFor(page, atRest, true);
      await waitFor(second, atRest, true);
    }
    assert.deepEqual(await assertSame(page, 'both'), await assertSame(second, 'both'));
  } finally {
    await other.close();
  }
});
