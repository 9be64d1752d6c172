// The drawer beside a panel: state, history, runs, tools and source.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { Browser, ROOT, assertAccessible, assertFits, screenshot, startServer } from './browser.mjs';

const SOURCE = `<NexusPanel title="Everything">
  <Data>
    <State name="n" type="number" default="1"/>
    <State name="rows" type="list" default='[{"name":"Ada","tags":["a","b"]},{"name":"Bob","tags":[]}]'/>
    <Computed name="twice" value="$state.n * 2"/>
  </Data>
  <Logic>
    <Tool name="rename" description="Renames the second"><Arg name="to" type="string"/><Handler>$state.rows[1].name = $args.to;</Handler></Tool>
    <Tool name="mix">
      <Arg name="amount" type="number" default="2.5" description="how much"/>
      <Arg name="loud" type="boolean" required="false"/>
      <Arg name="items" type="list" required="false"/>
      <Arg name="note" type="string" required="false"/>
      <Handler>$state.n += 1; return $args;</Handler>
    </Tool>
    <Tool name="forbidden"><Capabilities></Capabilities><Handler>const key = 'n'; return 1;</Handler></Tool>
    <Tool name="fail"><Handler>throw new Error('the harbour is closed');</Handler></Tool>
  </Logic>
  <View><Layout><Metric label="N" value="{$state.n}"/><Button label="Fail" trigger="fail"/></Layout></View>
</NexusPanel>`;

let server;
let browser;
let next = 0;

before(async () => {
  server = await startServer({ panels: join(ROOT, 'examples') });
  browser = await Browser.launch();
});
afterEach(() => browser.assertQuiet());
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function inspect(pane, options) {
  const id = `everything-${next++}`;
  assert.equal((await server.createPanel(SOURCE, { panelId: id })).status, 201);
  const page = await browser.openPanel(server, id, options);
  await page.getByRole('button', { name: 'Panel menu' }).click();
  await page.getByRole('button', { name: pane, exact: true }).click();
  await page.getByRole('tab', { name: pane, selected: true }).waitFor();
  return { page, id, drawer: page.getByRole('complementary', { name: 'Inspector' }) };
}

test('the state tree shows types and values, opens, and flashes what changed and nothing else', async () => {
  const { page, id, drawer } = await inspect('State');
  await drawer.getByText('Version 0').waitFor();
  assert.match(await drawer.locator('.nx-tree').innerText(), /n\s*1\s*number\s*rows\s*list of 2\s*list\s*twice\s*2\s*computed/);
  await drawer.locator('summary', { hasText: 'rows' }).click();
  await drawer.locator('summary', { hasText: /^1/ }).click();
  await drawer.getByText('"Bob"').waitFor();
  await server.trigger(id, 'rename', { to: 'Bert' });
  await drawer.getByText('"Bert"').waitFor();
  await drawer.getByText('Version 1').waitFor();
  assert.deepEqual(await drawer.locator('.nx-flash').allInnerTexts(), ['"Bert"']);
  await screenshot(page, 'inspector-state');
});

test('a long list shows its first hundred, and more when asked', async () => {
  const { id, drawer } = await inspect('State');
  const source = SOURCE.replace("$state.rows[1].name = $args.to;", "$state.rows = Array.from({ length: 250 }, (_, i) => i);");
  assert.equal((await server.createPanel(source, { panelId: `${id}-long` })).status, 201);
  const page = await browser.openPanel(server, `${id}-long`);
  await page.getByRole('button', { name: 'Panel menu' }).click();
  await page.getByRole('button', { name: 'State', exact: true }).click();
  await server.trigger(`${id}-long`, 'rename', { to: '' });
  await page.locator('summary', { hasText: 'list of 250' }).click();
  await page.getByRole('button', { name: '150 more' }).click();
  await page.getByRole('button', { name: '50 more' }).click();
  await page.locator('.nx-tree-members .nx-tree-node').nth(249).waitFor();
  assert.equal(await drawer.count(), 1);
});

test('history lists each version and shows the state as it was, while the panel goes on', async () => {
  const { page, id, drawer } = await inspect('History');
  await server.trigger(id, 'mix', { amount: 1 });
  await server.trigger(id, 'mix', { amount: 1 });
  await drawer.getByText('Version 2').waitFor();
  assert.match(await drawer.locator('.nx-entry').first().innerText(), /changed n, twice/);
  await drawer.getByRole('button', { name: 'Look at version 1' }).click();
  await drawer.getByText(/as it was at version 1/).waitFor();
  await server.trigger(id, 'mix', { amount: 1 });
  await page.locator('.nx-metric-value', { hasText: /^4$/ }).waitFor();
  assert.match(await drawer.locator('.nx-tree').innerText(), /n\s*2\s*rows/);
  await drawer.getByRole('button', { name: 'Back to the list' }).click();
  await drawer.getByText('Version 3').waitFor();
  await assertAccessible(page);
});

test('the form of a tool has a field for each argument, checks them, and shows the result', async () => {
  const { page, drawer } = await inspect('Tools');
  await drawer.locator('summary', { hasText: 'mix' }).click();
  const form = drawer.locator('details', { hasText: 'mix' }).locator('form');
  assert.equal(await form.getByLabel('amount').inputValue(), '2.5');
  await form.getByText('how much').waitFor();
  await form.getByLabel('amount').fill('many');
  await form.getByRole('button', { name: 'Run mix' }).click();
  await form.getByText('Write a number').waitFor();
  assert.equal(await form.getByLabel('amount').getAttribute('aria-invalid'), 'true');
  await form.getByLabel('amount').fill('4');
  await form.getByLabel('loud').check();
  await form.getByLabel('items').fill('[1, 2');
  await form.getByRole('button', { name: 'Run mix' }).click();
  await form.getByText('This is no JSON').waitFor();
  await form.getByLabel('items').fill('[1, {"a": 2}]');
  await form.getByRole('button', { name: 'Run mix' }).click();
  await form.getByText(/Done in .*(µs|ms)/).waitFor();
  assert.deepEqual(JSON.parse(await form.locator('.nx-call-value').innerText()), { amount: 4, loud: true, items: [1, { a: 2 }] });
  await page.locator('.nx-metric-value', { hasText: /^2$/ }).waitFor();
  await assertAccessible(page);
  await screenshot(page, 'inspector-tools');
});

test('the run log has what was pressed and called here, with time, host calls and failures', async () => {
  const { page, drawer } = await inspect('Tools');
  await drawer.locator('summary', { hasText: 'mix' }).click();
  await drawer.getByRole('button', { name: 'Run mix' }).click();
  await drawer.getByText(/^Done in/).waitFor();
  await page.getByRole('button', { name: 'Fail', exact: true }).click();
  await drawer.getByRole('tab', { name: 'Runs' }).click();
  const entries = drawer.locator('.nx-entry');
  await entries.nth(1).waitFor();
  assert.match(await entries.nth(0).innerText(), /^fail[\s\S]*Failed: .*the harbour is closed \(EXECUTION_ERROR\)/);
  assert.match(await entries.nth(1).innerText(), /^mix[\s\S]*with \{[\s\S]*returned \{[\s\S]*of running, .*state_/);
});

test('the source is there with line numbers', async () => {
  const { page, drawer } = await inspect('Source');
  const lines = drawer.locator('.nx-code-text');
  await lines.first().waitFor();
  assert.deepEqual((await lines.allInnerTexts()).map((line) => line.replace(/\n$/, '')), SOURCE.split('\n'));
  assert.equal(await drawer.locator('.nx-code-number').nth(6).innerText(), '7');
  await assertAccessible(page);
});

test('the keyboard opens the drawer, walks its tabs and gets its place back', async () => {
  const page = await browser.openPanel(server, 'counter');
  await page.getByRole('button', { name: 'Panel menu' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'State', selected: true }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'History', selected: true }).waitFor();
  await page.keyboard.press('End');
  await page.getByRole('tab', { name: 'Source', selected: true }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'menu-button');
  assert.equal(await page.getByRole('complementary').count(), 0);
});

test('a copy of the panel opens in the playground, and does not run by itself', async () => {
  const page = await browser.openPanel(server, 'counter');
  await page.getByRole('button', { name: 'Panel menu' }).click();
  await page.getByRole('button', { name: 'Open a copy in the playground' }).click();
  await page.waitForURL('**/play');
  await page.getByText('This document came with a link').waitFor();
  const first = (await readFile(join(ROOT, 'examples', 'counter.nxml'), 'utf8')).split('\n')[0];
  await page.getByText(first.slice(0, 30)).first().waitFor();
  assert.equal(await page.locator('nexus-panel').count(), 0);
  await page.getByRole('button', { name: 'Run it' }).click();
  await page.getByRole('button', { name: 'Add ten' }).waitFor();
});

for (const colorScheme of ['light', 'dark']) {
  test(`the drawer fits a phone and can be used by anybody in ${colorScheme}`, async () => {
    for (const pane of ['State', 'Runs', 'Tools', 'Source']) {
      const { page } = await inspect(pane, { colorScheme, viewport: { width: 320, height: 740 } });
      await assertFits(page);
      await assertAccessible(page);
    }
  });
}
