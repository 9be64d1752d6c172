// Panels in pages of another origin: the element, its API, the React component, the example page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { SECRET, token } from '../e2e/tokens.mjs';
import { ROOT, assertAccessible, browser, screenshot, server, startServer, useServer, waitFor } from './browser.mjs';
import { pageOf, startPages } from './pages.mjs';

const WEB = join(ROOT, 'web');
const { build } = createRequire(join(WEB, 'package.json'))('esbuild');

let pages;

useServer(async () => {
  pages = await startPages();
  return { panels: join(ROOT, 'examples'), env: { CORS_ORIGINS: pages.origin } };
});
after(() => pages?.close());

const script = (base) => `<script type="module" src="${base}/assets/reactor.js"></script>`;

async function openPage(path, parts, options) {
  pages.add(path, pageOf(parts));
  return browser.open(pages.origin + path, options);
}

const countOf = (page) => page.getByRole('group', { name: 'Count' }).locator('.nx-metric-value');

test('one script and one tag show a live panel that the page around it does not disturb', async () => {
  const page = await openPage('/embed.html', {
    head: `${script(server.base)}<style>* { color: red !important } p, span { font: 40px serif } body { line-height: 4; text-transform: uppercase }</style>`,
    body: `<nexus-panel src="${server.base}/panels/counter"></nexus-panel>`,
  });
  await countOf(page).waitFor();
  const start = Number(await countOf(page).innerText());
  await page.getByRole('button', { name: 'Add ten' }).click();
  await countOf(page).filter({ hasText: String(start + 10) }).waitFor();
  const label = page.locator('nexus-panel .nx-metric-label', { hasText: 'Count' });
  const look = await label.evaluate((element) => {
    const { color, fontSize, textTransform } = getComputedStyle(element);
    return { color, fontSize, textTransform };
  });
  assert.equal(look.fontSize, '12px');
  assert.equal(look.textTransform, 'none');
  assert.notEqual(look.color, 'rgb(255, 0, 0)');
  assert.equal(await page.evaluate(() => document.querySelector('nexus-panel').shadowRoot.mode), 'open');
  await screenshot(page, 'embedded');
});

test('the custom properties of the element theme it, and its attribute chooses light or dark', async () => {
  const page = await openPage('/theme.html', {
    head: `${script(server.base)}<style>nexus-panel { --nx-accent: rgb(0, 100, 0); --nx-accent-contrast: rgb(255, 255, 255) }</style>`,
    body: `<nexus-panel theme="dark" src="${server.base}/p/counter"></nexus-panel>`,
  });
  const button = page.locator('nexus-panel .nx-button[data-variant=primary]').first();
  await button.waitFor();
  assert.equal(await button.evaluate((element) => getComputedStyle(element).backgroundColor), 'rgb(0, 100, 0)');
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('nexus-panel')).colorScheme), 'dark');
});

test('the page reads the state, follows it, runs tools and takes events over', async () => {
  const created = await server.createPanel(`<NexusPanel title="Api"><Data><State name="n" type="number" default="1"/></Data>
    <Logic><Tool name="add"><Arg name="by" type="number"/><Handler>$state.n += $args.by; $emit('added', { by: $args.by }); return $state.n;</Handler></Tool>
    <Tool name="shout"><Handler>$emit('toast', 'hello');</Handler></Tool>
    <Tool name="fail"><Handler>throw new Error('no paper');</Handler></Tool></Logic>
    <View><Layout><Text content="{$state.n}"/></Layout></View></NexusPanel>`, { panelId: 'api' });
  assert.equal(created.status, 201, created.text);
  const page = await openPage('/api.html', { head: script(server.base), body: `<nexus-panel src="${server.base}/panels/api"></nexus-panel>` });
  const result = await page.evaluate(async () => {
    const element = document.querySelector('nexus-panel');
    await customElements.whenDefined('nexus-panel');
    const { client } = element;
    await client.ready;
    const heard = [];
    const values = [];
    const stop = client.subscribe('n', (value) => values.push(value));
    client.on('added', (payload) => heard.push(payload));
    const returned = await element.trigger('add', { by: 2 });
    const byPosition = await client.trigger('add', [3]);
    await client.set('n', 40);
    stop();
    await client.set('n', 41);
    const refused = await client.set('n', 'text').catch((error) => error.message);
    const failed = await client.trigger('fail').catch((error) => [error.name, error.code, error.message]);
    const unknown = await client.trigger('nope').catch((error) => error.code);
    element.addEventListener('nexus-event', (event) => event.preventDefault());
    await client.trigger('shout');
    return { returned, byPosition, heard, values, state: element.state, refused, failed, unknown };
  });
  assert.deepEqual([result.returned, result.byPosition], [3, 6]);
  assert.deepEqual(result.heard, [{ by: 2 }, { by: 3 }]);
  assert.deepEqual(result.values, [1, 3, 6, 40]);
  assert.deepEqual(result.state, { n: 41 });
  assert.match(result.refused, /number/);
  assert.deepEqual(result.failed.slice(0, 2), ['TriggerError', 'EXECUTION_ERROR']);
  assert.match(result.failed[2], /no paper/);
  assert.equal(result.unknown, 'TOOL_NOT_FOUND');
  assert.equal(await page.locator('.nx-toast').count(), 0);
  assert.deepEqual(await server.state('api'), { n: 41 });
});

test('two panels on one page are two panels, and one that is moved stays connected', async () => {
  const page = await openPage('/two.html', {
    head: script(server.base),
    body: `<div id="left"><nexus-panel src="${server.base}/panels/counter"></nexus-panel></div><div id="right"><nexus-panel src="${server.base}/panels/todo"></nexus-panel></div>`,
  });
  await page.locator('#left .nx-panel > .nx-layout').waitFor();
  await page.locator('#right .nx-panel > .nx-layout').waitFor();
  assert.equal(await page.locator('#left nexus-panel').getByLabel('What is there to do?').count(), 0);
  const states = await page.evaluate(async () => {
    const element = document.querySelector('#left nexus-panel');
    const seen = [];
    element.addEventListener('nexus-connection', (event) => seen.push(event.detail.kind));
    document.querySelector('#right').append(element);
    await element.trigger('add', { by: 1 });
    return seen;
  });
  assert.deepEqual(states, []);
  await page.locator('#right').getByRole('button', { name: 'Add ten' }).click();
  await page.evaluate(() => document.querySelector('#right nexus-panel').remove());
});

test('another address shows another panel; one that is none says so', async () => {
  const page = await openPage('/change.html', { head: script(server.base), body: `<nexus-panel src="${server.base}/panels/counter"></nexus-panel>` });
  await countOf(page).waitFor();
  await page.evaluate((src) => { document.querySelector('nexus-panel').src = src; }, `${server.base}/panels/todo`);
  await page.getByLabel('What is there to do?').waitFor();
  await page.evaluate((src) => { document.querySelector('nexus-panel').src = src; }, `${server.base}/nowhere`);
  await page.getByText('is no address of a panel').waitFor();
  await page.evaluate((src) => { document.querySelector('nexus-panel').src = src; }, `${server.base}/panels/nowhere`);
  await page.getByRole('heading', { name: 'No such panel' }).waitFor();
  await assertAccessible(page);
});

test('a component that the page registered shows bound values, runs a tool and goes with its panel', async () => {
  const created = await server.createPanel(`<NexusPanel title="Custom"><Data><State name="at" type="number" default="3"/></Data>
    <Logic><Tool name="move"><Arg name="to" type="number"/><Handler>$state.at = $args.to;</Handler></Tool>
    <Tool name="spin"><Handler>$view.command('dial', 'spin', { by: 2 }); $view.getElementById('dial').setProp('size', 'large');</Handler></Tool></Logic>
    <View><Layout><CustomComponent id="dial" module="acme/dials" component="Dial" bind:at="$state.at" on:turn="move" size="small"/>
    <CustomComponent module="acme/dials" component="Missing"/></Layout></View></NexusPanel>`, { panelId: 'custom' });
  assert.equal(created.status, 201, created.text);
  const page = await openPage('/custom.html', {
    head: `<script type="module">
      import { registerComponent } from "${server.base}/assets/reactor.js";
      registerComponent("acme/dials", "Dial", (element, { values, emit }) => {
        const button = document.createElement("button");
        const show = ({ at, size }) => { button.textContent = "dial " + at + " " + size; };
        show(values);
        button.onclick = () => emit("turn", { to: 7 });
        element.append(button);
        return { update: show, destroy: () => { window.gone = true; }, methods: { spin: ([{ by }]) => { window.spun = by; } } };
      });
      document.querySelector("main").insertAdjacentHTML("beforeend", '<nexus-panel src="${server.base}/panels/custom"></nexus-panel>');
    </script>`,
  });
  await page.getByRole('button', { name: 'dial 3 small' }).click();
  await page.getByRole('button', { name: 'dial 7 small' }).waitFor();
  await page.getByText('The page has no component "Missing" of "acme/dials"').waitFor();
  await server.trigger('custom', 'spin');
  await page.getByRole('button', { name: 'dial 7 large' }).waitFor();
  assert.equal(await page.evaluate(() => window.spun), 2);
  await page.evaluate(() => document.querySelector('nexus-panel').remove());
  await waitFor(page, () => window.gone === true, true);
});

test('with a token the element opens a panel of a server that asks for one, without one it says so', async () => {
  const guarded = await startServer({
    panels: join(ROOT, 'examples'),
    env: { CORS_ORIGINS: pages.origin, AUTH_ENABLED: 'true', JWT_SECRET: SECRET, WORKSPACE_ID: 'w1' },
  });
  try {
    const page = await openPage('/token.html', {
      head: script(guarded.base),
      body: `<nexus-panel id="with" token="${token()}" src="${guarded.base}/panels/counter"></nexus-panel>
             <nexus-panel id="without" src="${guarded.base}/panels/counter"></nexus-panel>`,
    });
    await page.locator('#with').getByRole('button', { name: 'Add ten' }).click();
    await page.locator('#with .nx-metric-value', { hasText: /^10$/ }).first().waitFor();
    await page.locator('#without').getByText('Sign in to see this panel').waitFor();
    await page.evaluate((value) => { document.querySelector('#without').token = () => Promise.resolve(value); }, token());
    await page.locator('#without .nx-metric-value', { hasText: /^10$/ }).first().waitFor();
    // They would go on asking for a server that is gone.
    await page.evaluate(() => document.querySelectorAll('nexus-panel').forEach((panel) => panel.remove()));
  } finally {
    browser.ignore(/status of 401/);
    await guarded.stop();
  }
});

test('a page whose origin is not listed gets nothing', async () => {
  const closed = await startServer({ panels: join(ROOT, 'examples') });
  try {
    const page = await openPage('/closed.html', { head: script(server.base), body: `<nexus-panel src="${closed.base}/panels/counter"></nexus-panel>` });
    await waitFor(page, () => document.querySelector('nexus-panel').client?.status.kind, 'waiting');
    assert.equal(await page.locator('.nx-metric-value').count(), 0);
    await page.evaluate(() => document.querySelector('nexus-panel').remove());
  } finally {
    // The browser reports what it did not let through.
    browser.problems.splice(0);
    await closed.stop();
  }
});

test('the example page works as it stands', async () => {
  const example = await readFile(join(WEB, 'examples', 'embed.html'), 'utf8');
  pages.add('/example.html', example.replaceAll('http://127.0.0.1:3000', server.base));
  const page = await browser.open(`${pages.origin}/example.html`);
  await countOf(page).waitFor();
  const count = await countOf(page).innerText();
  await waitFor(page, () => document.getElementById('clicks').textContent, count);
  await page.getByRole('button', { name: 'Add ten' }).click();
  await waitFor(page, () => document.getElementById('clicks').textContent, String(Number(count) + 10));
  await assertAccessible(page);
});

test('the React component shows a panel, follows its properties and ends with its program', async () => {
  const source = `
    import { createElement as h, StrictMode, useRef, useState } from 'react';
    import { createRoot } from 'react-dom/client';
    import { NexusPanel } from '@nexus/reactor/react';
    function App() {
      const [id, setId] = useState('counter');
      const [title, setTitle] = useState('');
      const [shown, setShown] = useState(true);
      const [heard, setHeard] = useState('');
      const panel = useRef(null);
      return h('div', null, h('p', { id: 'title' }, title), h('p', { id: 'heard' }, heard),
        h('button', { onClick: () => setId('job') }, 'Other'), h('button', { onClick: () => setShown(false) }, 'Hide'),
        h('button', { onClick: () => panel.current.trigger('add', { by: 5 }) }, 'Five'),
        shown && h(NexusPanel, { ref: panel, src: '${server.base}/panels/' + id, theme: 'light',
          onDocument: (document) => setTitle(document.title),
          onEvent: (event) => { setHeard(event.name); return false; },
          onConnection: (state) => { window.connection = state.kind; } }));
    }
    createRoot(document.querySelector('main')).render(h(StrictMode, null, h(App)));`;
  // The package as a program of somebody else finds it: by its name.
  const packages = { '@nexus/reactor': 'reactor.js', '@nexus/reactor/react': 'react.js' };
  const names = {
    name: 'packages',
    setup: ({ onResolve }) => onResolve({ filter: /^@nexus\/reactor/ }, ({ path }) => ({ path: join(WEB, 'dist', 'assets', packages[path]) })),
  };
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: WEB }, bundle: true, write: false, format: 'esm', plugins: [names],
    define: { 'process.env.NODE_ENV': '"development"' }, external: ['./chart.js'],
  });
  pages.add('/app.js', outputFiles[0].text);
  const page = await openPage('/react.html', { head: '<script type="module" src="/app.js"></script>' });
  await countOf(page).waitFor();
  await waitFor(page, () => document.getElementById('title').textContent, 'Counter');
  const count = Number(await countOf(page).innerText());
  await page.getByRole('button', { name: 'Five' }).click();
  await countOf(page).filter({ hasText: String(count + 5) }).waitFor();
  await page.getByRole('button', { name: 'Other' }).click();
  await page.getByRole('button', { name: 'Poke' }).waitFor();
  assert.equal(await page.evaluate(() => window.connection), 'live');
  await page.evaluate(() => { window.client = document.querySelector('nexus-panel').client; });
  await page.getByRole('button', { name: 'Hide' }).click();
  await waitFor(page, () => document.querySelector('nexus-panel') === null && window.client.status.kind, 'closed');
});
