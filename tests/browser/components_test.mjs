// Every component, in a real browser, against a real server.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';

import { ROOT, assertAccessible, assertFits, browser, eventually, screenshot, server, useServer, waitFor } from './browser.mjs';

const source = await readFile(join(ROOT, 'tests', 'browser', 'components.nxml'), 'utf8');

let page;
let count = 0;

useServer();
// Each test has a panel of its own, so that none depends on what another did.
beforeEach(async () => {
  const created = await server.createPanel(source, { panelId: `components-${++count}` });
  assert.equal(created.status, 201, created.text);
  page = await browser.openPanel(server, `components-${count}`);
});

const state = () => server.state(`components-${count}`);
const button = (name) => page.getByRole('button', { name, exact: true });
const metric = (label) => page.getByRole('group', { name: label }).locator('.nx-metric-value');
// In the page: what the shadow root of its panel holds.
const titles = () => [...document.getElementById('panel').shadowRoot.querySelectorAll('.nx-list .nx-input')].map((input) => input.value);

test('bindings show state, computed values and text around them', async () => {
  await page.getByRole('heading', { name: 'Hello ADA' }).waitFor();
  assert.equal(await metric('Revenue').innerText(), '1,234,567.5');
  assert.equal(await metric('Rows').innerText(), '3');
  await page.getByLabel('Name').fill('Grace');
  await page.getByRole('heading', { name: 'Hello GRACE' }).waitFor();
});

test('markup in state is text, and addresses in it are harmless links', async () => {
  assert.equal(await page.locator('#panel img').count(), 0);
  const link = page.getByRole('link', { name: 'https://example.org/a?b=1', exact: true });
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow');
});

test('expressions that reach for the prototype or run for ever have no value', async () => {
  assert.equal(await metric('Hostile').innerText(), '–');
  assert.equal(await metric('Endless').innerText(), '–');
});

test('a button is busy while its run lasts and keeps its width', async () => {
  const slow = page.locator('.nx-button', { hasText: 'Slow' });
  const { width } = await slow.boundingBox();
  await slow.click();
  await page.locator('.nx-button[aria-busy=true]', { hasText: 'Slow' }).waitFor();
  assert.equal((await slow.boundingBox()).width, width);
  await page.evaluate(() => document.getElementById('panel').client.set('held', false));
  await page.locator('.nx-button[aria-busy=true]').waitFor({ state: 'detached' });
});

test('a failed run says why under its button until the next click', async () => {
  await button('Fail').click();
  const alert = page.getByRole('alert').filter({ hasText: 'the printer is out of paper' });
  await alert.waitFor();
  assert.equal(await button('Fail').getAttribute('aria-describedby'), await alert.getAttribute('id'));
});

test('toasts appear, and go when they are dismissed', async () => {
  await button('Toast').click();
  const toast = page.locator('.nx-toast', { hasText: 'Saved Ada' });
  await toast.waitFor();
  await toast.getByRole('button', { name: 'Dismiss' }).click();
  await toast.waitFor({ state: 'detached' });
});

test('a modal takes the focus and gives it back', async () => {
  await button('Modal').click();
  const dialog = page.getByRole('dialog', { name: 'Notice' });
  await dialog.getByText('Read this').waitFor();
  assert.ok(await dialog.evaluate((element) => element.contains(element.getRootNode().activeElement)));
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.textContent), 'Modal');
});

test('a panel cannot send its user away without asking, and to no script at all', async () => {
  const before = page.url();
  await button('Leave').click();
  await page.locator('.nx-toast', { hasText: 'wants to open example.org' }).waitFor();
  await button('Trap').click();
  await page.locator('.nx-toast', { hasText: 'not allowed' }).waitFor();
  assert.equal(page.url(), before);
});

test('handlers move the focus and set attributes through the view', async () => {
  await button('Focus').click();
  await waitFor(page, () => document.activeElement.shadowRoot?.activeElement?.value ?? null, 'Ada');
  await button('Rename').click();
  await button('Renamed').waitFor();
});

test('a number field writes numbers, and leaves the state alone while its text is none', async () => {
  const age = page.getByLabel('Age');
  await age.fill('41');
  await button('Toast').click();
  await page.locator('.nx-toast').waitFor();
  assert.equal((await state()).age, 41);
  await age.fill('4x');
  assert.equal(await age.getAttribute('aria-invalid'), 'true');
  await age.blur();
  assert.equal(await age.inputValue(), '41');
});

test('a switch writes at once, and what depends on it follows', async () => {
  await page.getByText('You will hear from us').waitFor();
  await page.getByRole('switch', { name: 'Notify me' }).click();
  await page.getByText('You will hear from us').waitFor({ state: 'detached' });
  await button('Toast').click();
  await page.locator('.nx-toast').waitFor();
  assert.equal((await state()).on, false);
});

for (const canMove of [true, false]) {
  test(`rows are moved, not rebuilt: the focused field goes along with its text and caret, ${canMove ? 'moved as it is' : 'or is found again'}`, async () => {
    if (!canMove) {
      await page.addInitScript(() => { delete Element.prototype.moveBefore; });
      await page.reload();
    }
    const field = page.locator('.nx-list .nx-input').first();
    await field.click();
    await field.evaluate((input) => {
      input.setSelectionRange(2, 2);
      window.marked = input;
    });
    await server.trigger(`components-${count}`, 'shuffle');
    await waitFor(page, titles, ['Third', 'Second', 'First']);
    const kept = await page.evaluate(() => {
      const root = document.getElementById('panel').shadowRoot;
      const input = [...root.querySelectorAll('.nx-list .nx-input')].at(-1);
      return [input === window.marked, input === root.activeElement, input.selectionStart];
    });
    assert.deepEqual(kept, [true, true, 2]);
    await page.getByText('3. First').waitFor();
  });
}

test('a row is written where it stands in the state, also from a filtered list', async () => {
  await page.locator('.nx-list .nx-input').nth(1).fill('Changed');
  await page.getByText('2. Changed').waitFor();
  await page.getByRole('switch', { name: 'Finish Third' }).click();
  await page.getByRole('switch', { name: 'Finish Third' }).waitFor({ state: 'detached' });
  await button('Toast').click();
  await page.locator('.nx-toast').waitFor();
  const { rows } = await state();
  assert.deepEqual(rows.map(({ title, done }) => [title, done]), [['First', true], ['Changed', false], ['Third', true]]);
});

test('an empty list, an unknown component and a disabled button have their looks', async () => {
  await page.getByText('Nothing here yet').waitFor();
  await page.getByText('<Sparkles> is not a component of this version').waitFor();
  assert.ok(await button('Disabled').isDisabled());
});

test('a log takes new lines at its end and filters them', async () => {
  await button('Log').click();
  const log = page.getByRole('log');
  await log.getByText('line 2').waitFor();
  await page.getByLabel('Filter log lines').fill('DISK');
  await log.getByText('started').waitFor({ state: 'detached' });
  assert.match(await log.innerText(), /warn\s+disk is 91 % full/);
});

test('charts draw their data, and carry it as a table', async () => {
  const drawn = (shape) => page.locator(shape).count();
  await eventually(() => Promise.all(['.nx-chart-bar', 'path.nx-chart-slice', '.nx-chart-line'].map(drawn)), [3, 3, 2]);
  assert.deepEqual(await page.locator('.nx-chart table').first().locator('td').allInnerTexts(),
    ['Mon', '12', 'Tue', '18', 'Wed', '9']);
});

test('it fits a phone, and anybody can use it in both themes', async () => {
  for (const [colorScheme, width, other] of [['light', 1200, 360], ['dark', 360, 1200]]) {
    const view = await browser.openPanel(server, `components-${count}`, { colorScheme, viewport: { width, height: 800 } });
    await assertFits(view);
    await assertAccessible(view);
    await screenshot(view, `components-${colorScheme}-${width}`);
    await view.setViewportSize({ width: other, height: 800 });
    await assertFits(view);
    await screenshot(view, `components-${colorScheme}-${other}`);
  }
});
