// The page / and the shell of the panel page.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { Browser, ROOT, assertAccessible, assertFits, screenshot, startServer } from './browser.mjs';

let server;
let browser;

before(async () => {
  server = await startServer({ panels: join(ROOT, 'examples') });
  browser = await Browser.launch();
});
afterEach(() => browser.assertQuiet());
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the gallery shows every panel with its description, tools and status', async () => {
  const page = await browser.open(server.base);
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
  const { panels } = (await server.get('/panels')).json;
  assert.equal(await page.locator('.nx-card').count(), panels.length);
  const card = page.locator('.nx-card', { hasText: 'To-do list' });
  assert.match(await card.innerText(), /Nested state.*\n[\s\S]*5 tools/);
  assert.match(await card.innerText(), /Running/);
  await screenshot(page, 'gallery');
});

test('a card leads to its panel', async () => {
  const page = await browser.open(server.base);
  await page.getByRole('link', { name: 'Counter' }).click();
  await page.waitForURL('**/p/counter');
  await page.getByRole('button', { name: 'Add ten' }).waitFor();
  assert.equal(await page.title(), 'Counter · Nexus');
});

test('searching narrows the gallery, and finding nothing says so', async () => {
  const page = await browser.open(server.base);
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
  await page.getByLabel('Search panels').fill('weather');
  await page.locator('.nx-card').nth(1).waitFor({ state: 'detached' });
  assert.match(await page.locator('.nx-card').innerText(), /^Weather/);
  await page.getByLabel('Search panels').fill('no such thing');
  await page.getByText('No panel matches “no such thing”.').waitFor();
});

test('a server without panels tells how to create the first', async () => {
  const bare = await startServer({});
  try {
    const page = await browser.open(bare.base);
    await page.getByText('No panels yet').waitFor();
    assert.match(await page.locator('#empty').innerText(), /curl .*panel\.nxml/);
    await screenshot(page, 'gallery-empty');
  } finally {
    await bare.stop();
  }
});

test('the page of an unknown panel says so without an error in the console', async () => {
  const page = await browser.open(`${server.base}/p/nowhere`);
  await page.getByRole('heading', { name: 'No such panel' }).last().waitFor();
  await page.getByText('no panel with the id “nowhere”').waitFor();
  assert.equal(await page.getByRole('link', { name: 'All panels' }).last().getAttribute('href'), '/');
});

test('the pages forbid inline script, inline style and eval, and answer HEAD', async () => {
  for (const path of ['/', '/p/counter']) {
    const policy = (await server.get(path)).headers.get('content-security-policy') ?? '';
    assert.match(policy, /script-src 'self'/);
    assert.match(policy, /style-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal((await server.request('HEAD', path)).status, 200);
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`every page fits a phone and can be used by anybody in ${colorScheme}`, async () => {
    const options = { colorScheme, viewport: { width: 360, height: 740 } };
    const gallery = await browser.open(server.base, options);
    await gallery.getByRole('heading', { name: 'Counter' }).waitFor();
    await assertFits(gallery);
    await assertAccessible(gallery);
    for (const id of ['counter', 'todo', 'weather', 'job']) {
      const page = await browser.openPanel(server, id, options);
      await assertFits(page);
      await assertAccessible(page);
      await screenshot(page, `${id}-${colorScheme}-phone`);
    }
  });
}
