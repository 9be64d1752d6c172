// The page / and the shell of the panel page.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT, assertAccessible, assertFits, browser, eventually, screenshot, server, startServer, useServer, waitFor } from './browser.mjs';

const MANY = process.env.NEXUS_LONG ? 10_000 : 1000;

useServer({ panels: join(ROOT, 'examples'), env: { MAX_PANELS: String(2 * MANY) } });

const count = (page) => page.locator('#count');
const cardOf = (page, title) => page.locator('.nx-card', { has: page.getByRole('heading', { name: title, exact: true }) });

function panelCalled(title, more = '', logic = '') {
  return `<NexusPanel title="${title}" ${more}><Data><State name="n" type="number" default="1"/></Data>
    <Logic><Tool name="add"><Handler>$state.n += 1;</Handler></Tool>${logic}</Logic>
    <View><Layout><Metric label="Number" value="{$state.n}"/></Layout></View></NexusPanel>`;
}

test('the gallery shows every panel with its description, tags, tools and status', async () => {
  const page = await browser.open(server.base);
  const { total } = (await server.get('/panels')).json;
  await count(page).getByText(`${total} panels`).waitFor();
  const card = cardOf(page, 'Counter');
  assert.match(await card.innerText(), /Running[\s\S]*smallest live panel[\s\S]*example[\s\S]*4 tools · active/);
  assert.equal(await card.getAttribute('aria-setsize'), String(total));
  await page.locator('.nx-card nexus-miniature').nth(3).waitFor({ state: 'attached' });
  await screenshot(page, 'gallery');
});

test('a card leads to its panel', async () => {
  const page = await browser.open(server.base);
  await page.getByRole('link', { name: 'Counter' }).click();
  await page.waitForURL('**/p/counter');
  await page.getByRole('button', { name: 'Add ten' }).waitFor();
  assert.equal(await page.title(), 'Counter · Nexus');
});

// A page that looks again at what it shows when the test says that the time has come, and not only then.
async function openWithClock(address) {
  const page = await browser.open('about:blank');
  await page.clock.install();
  await page.goto(address);
  return { page, later: () => page.clock.fastForward(6000) };
}

test('a miniature shows the panel as it is, and follows it without a socket', async () => {
  await server.createPanel(panelCalled('Follow me'), { panelId: 'follow' });
  const { page, later } = await openWithClock(`${server.base}/?search=follow`);
  const figure = page.locator('nexus-miniature .nx-metric-value');
  await figure.getByText('1', { exact: true }).waitFor();
  await server.trigger('follow', 'add');
  await later();
  await figure.getByText('2', { exact: true }).waitFor();
  assert.equal((await server.get('/panels/follow')).json.clientCount, 0);
  await server.request('DELETE', '/panels/follow');
  await later();
  await page.getByText('No panel matches “follow”.').waitFor();
});

test('searching narrows the gallery as one types, and finding nothing says so', async () => {
  const page = await browser.open(server.base);
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('weather');
  await count(page).getByText('1 panel found').waitFor();
  await page.locator('.nx-card').nth(1).waitFor({ state: 'detached' });
  await cardOf(page, 'Weather').waitFor();
  assert.match(page.url(), /\?search=weather$/);
  await page.getByLabel('Search panels').fill('no such thing');
  await page.getByText('No panel matches “no such thing”.').waitFor();
  await assertAccessible(page);
  await page.getByRole('button', { name: 'Show all panels' }).click();
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
});

test('a tag searches for itself', async () => {
  const page = await browser.open(server.base);
  await cardOf(page, 'Chat room').getByRole('button', { name: 'Search for chat' }).click();
  await count(page).getByText('found').waitFor();
  assert.equal(await page.getByLabel('Search panels').inputValue(), 'chat');
});

test('a panel whose mount failed is marked, with the reason', async () => {
  const broken = '<Lifecycle on="mount"><Handler>throw new Error("no harbour");</Handler></Lifecycle>';
  await server.createPanel(panelCalled('Broken', '', broken), { panelId: 'broken' });
  const page = await browser.open(`${server.base}/?search=broken`);
  const card = cardOf(page, 'Broken');
  await card.getByText('Error', { exact: true }).waitFor();
  assert.match(await card.innerText(), /mount failed: .*no harbour/);
  await assertAccessible(page);
  await server.request('DELETE', '/panels/broken');
});

test('the list shows the same panels one under the other, and is what the next visit shows', async () => {
  const page = await browser.open(server.base);
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
  await page.getByRole('radio', { name: 'Grid' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('.nx-cards[data-mode=list]').waitFor();
  const lines = (cards) => new Set(cards.map((card) => card.getBoundingClientRect().top)).size === cards.length;
  await eventually(() => page.locator('.nx-card').evaluateAll(lines), true);
  await page.reload();
  await page.locator('.nx-cards[data-mode=list]').waitFor();
  await screenshot(page, 'gallery-list');
});

test(`${MANY} panels are a few cards at a time, all of them within reach`, async () => {
  const source = (i) => `<NexusPanel title="Number ${i}" description="One of many" durability="none"><View><Text content="I am ${i}"/></View></NexusPanel>`;
  for (let i = 0; i < MANY; i += 20)
    await Promise.all(Array.from({ length: 20 }, (_, k) => server.createPanel(source(i + k), { panelId: `many-${String(i + k).padStart(5, '0')}` })));
  const page = await browser.open(`${server.base}/?search=one+of+many`);
  await count(page).getByText(`${MANY.toLocaleString('en-US')} panels found`).waitFor();
  const cards = () => page.locator('.nx-card').count();
  await page.locator('.nx-card-link').first().waitFor();
  assert.ok((await cards()) < 60, `${await cards()} cards are in the document`);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.locator(`.nx-card[aria-posinset="${MANY}"]:not(.nx-card-loading)`).waitFor();
  assert.ok((await cards()) < 60, `${await cards()} cards are in the document`);
  await page.locator(`.nx-card[aria-posinset="${MANY}"] .nx-card-link`).focus();
  await page.evaluate(() => scrollTo(0, 0));
  await page.locator('.nx-card[aria-posinset="1"]').waitFor();
  const focused = await page.evaluate(() => document.activeElement?.closest('.nx-card')?.getAttribute('aria-posinset'));
  assert.equal(focused, String(MANY), 'the focus stays where it was');
  const started = performance.now();
  await page.getByLabel('Search panels').fill(`number ${MANY - 1}`);
  await count(page).getByText('1 panel found').waitFor();
  console.log(`one of ${MANY} panels was found ${Math.round(performance.now() - started)} ms after it was typed`);
});

test('when the server is gone the cards stay and the page says so, until it is back', async () => {
  const { page, later } = await openWithClock(`${server.base}/?search=counter`);
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
  await page.route('**/panels?*', (route) => route.fulfill({ status: 503, body: '{}' }));
  const said = page.getByText('The panels could not be loaded: the server answered 503.');
  await eventually(() => later().then(() => said.isVisible()), true);
  assert.equal(await page.getByRole('heading', { name: 'Counter' }).count(), 1);
  await page.unroute('**/panels?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await waitFor(page, () => document.getElementById('trouble').hidden, true);
  browser.ignore(/status of 503/);
});

test('a server without panels leads to the playground', async () => {
  const bare = await startServer({});
  try {
    const page = await browser.open(bare.base);
    await page.getByText('No panels yet').waitFor();
    assert.match(await page.locator('#empty').innerText(), /curl .*panel\.nxml/);
    assert.equal(await page.getByRole('link', { name: 'Open the playground' }).getAttribute('href'), '/play');
    await assertAccessible(page);
    await screenshot(page, 'gallery-empty');
  } finally {
    await bare.stop();
  }
});

test('the theme is the system’s until one is chosen, on every page', async () => {
  const page = await browser.open(server.base, { colorScheme: 'light' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole('button', { name: 'Theme: as the system' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  assert.notEqual(await background(), light);
  await page.goto(`${server.base}/p/counter`);
  await page.locator('#connection[data-state=live]').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
});

test('the page of an unknown panel says so without an error in the console', async () => {
  const page = await browser.open(`${server.base}/p/nowhere`);
  await page.getByRole('heading', { name: 'No such panel' }).last().waitFor();
  await page.getByText('no panel with the id “nowhere”').waitFor();
  assert.equal(await page.getByRole('link', { name: 'All panels' }).last().getAttribute('href'), '/');
});

test('the pages forbid inline script, inline style and eval, and answer HEAD', async () => {
  for (const path of ['/', '/p/counter', '/play']) {
    const policy = (await server.get(path)).headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self'/);
    assert.match(policy, /style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal((await server.request('HEAD', path)).status, 200);
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`the gallery fits a phone and can be used by anybody in ${colorScheme}`, async () => {
    const options = { colorScheme, viewport: { width: 320, height: 740 } };
    const gallery = await browser.open(server.base, options);
    await gallery.getByRole('heading', { name: 'Agent console' }).waitFor();
    await gallery.locator('.nx-card nexus-miniature').first().waitFor({ state: 'attached' });
    await assertFits(gallery);
    await assertAccessible(gallery);
    await screenshot(gallery, `gallery-${colorScheme}-phone`);
  });
}
