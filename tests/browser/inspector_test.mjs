// The drawer beside a panel: state, history, runs, tools and source.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT, assertAccessible, assertFits, browser, screenshot, server, useServer, waitFor } from './browser.mjs';

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
    <Extension name="nexus.http" alias="http"/>
    <Tool name="reach"><Handler>await $ext.http.get('http://127.0.0.1:1/');</Handler></Tool>
    <Tool name="call"><Handler>$emit('go');</Handler></Tool>
    <Tool name="heed"><Trigger type="event" pattern="go"/><Handler>throw new Error('nobody there');</Handler></Tool>
  </Logic>
  <View><Layout><Metric label="N" value="{$state.n}"/><Button label="Fail" trigger="fail"/></Layout></View>
</NexusPanel>`;

let next = 0;

useServer({ panels: join(ROOT, 'examples') });

// Opens a pane of a panel of its own; `prepare` gets the panel's id before anybody looks.
async function inspect(pane, { prepare = async () => {}, ...options } = {}) {
  const id = `everything-${next++}`;
  const created = await server.createPanel(SOURCE, { panelId: id });
  assert.equal(created.status, 201, created.text);
  await prepare(id);
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

test('history is what the server kept: any version as it was, and how that differs from now, which goes on', async () => {
  const { page, id, drawer } = await inspect('History', {
    prepare: async (panel) => {
      await server.trigger(panel, 'mix', { amount: 1 });
      await server.trigger(panel, 'rename', { to: 'Bert' });
    },
  });
  const entries = drawer.locator('.nx-entry');
  await entries.nth(1).waitFor();
  assert.match(await entries.first().innerText(), /^rename[\s\S]*Version 2[\s\S]*with \{"to":"Bert"\}[\s\S]*changed rows/);
  assert.match(await entries.nth(1).innerText(), /changed n, twice/);
  await drawer.getByRole('button', { name: 'Look at version 1' }).click();
  await drawer.getByText('The state as it was at version 1').waitFor();
  const differences = drawer.locator('.nx-difference');
  await waitFor(page, () => [...document.querySelectorAll('.nx-difference')].map((item) => item.textContent), ['rows[1].name"Bob"→"Bert"']);
  await server.trigger(id, 'mix', { amount: 1 });
  await drawer.getByText('Differences to now, version 3').waitFor();
  assert.deepEqual(await differences.evaluateAll((items) => items.map((item) => item.textContent)), ['n2→3', 'rows[1].name"Bob"→"Bert"', 'twice4→6']);
  assert.match(await drawer.locator('.nx-tree').innerText(), /n\s*2\s*rows/);
  await assertAccessible(page);
  await screenshot(page, 'inspector-history');
  await drawer.getByRole('button', { name: 'Later' }).click();
  await drawer.getByText('The state as it was at version 2').waitFor();
  await drawer.getByRole('button', { name: 'Back to the list' }).click();
  await entries.filter({ hasText: 'Version 3' }).waitFor();
  await waitFor(page, () => document.activeElement?.getAttribute('aria-label'), 'Look at version 1');
  await assertAccessible(page);
});

test('history goes back page by page, and says when a panel keeps none', async () => {
  const { drawer } = await inspect('History', {
    prepare: async (panel) => {
      for (let at = 0; at < 35; at++) await server.trigger(panel, 'mix');
    },
  });
  const entries = drawer.locator('.nx-entry');
  await entries.nth(29).waitFor();
  assert.equal(await entries.count(), 30);
  await drawer.getByRole('button', { name: 'Older' }).click();
  await entries.nth(34).waitFor();
  await drawer.getByRole('button', { name: 'Older' }).waitFor({ state: 'hidden' });

  await server.createPanel(SOURCE, { panelId: 'forgetful', durability: 'none' });
  const page = await browser.openPanel(server, 'forgetful');
  await page.getByRole('button', { name: 'Panel menu' }).click();
  await page.getByRole('button', { name: 'History', exact: true }).click();
  await page.getByText(/has durability none, so it keeps no history/).waitFor();
  browser.ignore(/status of 404/);
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
  await entries.first().getByText('Failed').waitFor();
  assert.match(await entries.nth(0).innerText(), /^fail[\s\S]*Failed: .*the harbour is closed \(EXECUTION_ERROR\)/);
  assert.match(await entries.nth(1).innerText(), /^mix[\s\S]*with \{[\s\S]*returned \{[\s\S]*of running, .*state_/);
});

test('the run log has what was denied, and what a trigger of the panel failed at', async () => {
  const { drawer } = await inspect('Tools');
  await drawer.locator('summary', { hasText: 'reach' }).click();
  await drawer.getByRole('button', { name: 'Run reach' }).click();
  await drawer.locator('summary', { hasText: 'call' }).click();
  await drawer.getByRole('button', { name: 'Run call' }).click();
  await drawer.getByRole('tab', { name: 'Runs' }).click();
  await drawer.locator('.nx-entry', { hasText: 'reach' }).getByText(/^Denied: .*127\.0\.0\.1.*\(PERMISSION_DENIED\)/).waitFor();
  await drawer.locator('.nx-entry', { hasText: 'heed' }).getByText(/A trigger’s run failed: .*nobody there/).waitFor();
});

test('the run log shows a run that waits for a person, and what was decided', async () => {
  const { json } = await server.trigger('approval', 'ask', { by: 'ada', purpose: 'ink', amount: 20 });
  await server.trigger('approval', 'approve', { id: json.returnValue.id, by: 'bob' });
  const page = await browser.openPanel(server, 'approval');
  await page.getByRole('button', { name: 'Panel menu' }).click();
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  const entries = page.getByRole('complementary', { name: 'Inspector' }).locator('.nx-entry');
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await entries.filter({ hasText: /^pay/ }).getByText(/Waits for \w+\.request/).waitFor();
  await entries.filter({ hasText: 'Pay 20 € for ink' }).getByText('waits for a decision').waitFor();
  await page.getByRole('button', { name: 'Approve', exact: true }).last().click();
  await entries.filter({ hasText: 'Pay 20 € for ink' }).getByText('approved by anonymous').waitFor();
  await entries.filter({ hasText: /^pay/ }).getByText(/of running/).waitFor();
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
    const { page, drawer } = await inspect('State', { colorScheme, viewport: { width: 320, height: 740 } });
    for (const pane of ['State', 'History', 'Runs', 'Tools', 'Source']) {
      await drawer.getByRole('tab', { name: pane }).click();
      await assertFits(page);
      await assertAccessible(page);
    }
  });
}
