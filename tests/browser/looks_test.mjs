// How panels look and who can use them: every example panel in both themes on a wide page and a narrow one, then zoomed,
// from right to left, with the system's own colours, and with nothing but a keyboard.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT, assertAccessible, assertFits, browser, screenshot, server, useServer, waitFor } from './browser.mjs';

const EXAMPLES = (await readdir(join(ROOT, 'examples'))).filter((name) => name.endsWith('.nxml')).map((name) => name.slice(0, -5));

useServer({ panels: join(ROOT, 'examples') }, { prepare });

async function prepare() {
  const source = await readFile(join(ROOT, 'tests', 'browser', 'components.nxml'), 'utf8');
  const created = await server.createPanel(source, { panelId: 'components' });
  assert.equal(created.status, 201, created.text);
}

const WIDE = { width: 1200, height: 800 };
const NARROW = { width: 320, height: 640 };

// What axe finds depends on theme and width, hardly on both together.
for (const [colorScheme, checked, other] of [['light', WIDE, NARROW], ['dark', NARROW, WIDE]]) {
  test(`every example panel can be used by anybody in ${colorScheme}, on a page of ${checked.width} pixels, and fits one of ${other.width}`, async () => {
    // A figure that changes pulses, and is paler while it does.
    const page = await browser.openPanel(server, EXAMPLES[0], { colorScheme, viewport: checked, reducedMotion: 'reduce' });
    for (const id of EXAMPLES) {
      await page.setViewportSize(checked);
      await page.goto(`${server.base}/p/${id}`);
      await page.locator('#panel .nx-panel > .nx-layout').waitFor();
      await waitFor(page, () => document.getElementById('panel').shadowRoot.querySelector('.nx-skeleton') === null, true);
      await assertAccessible(page);
      await assertFits(page);
      await screenshot(page, `example-${id}-${colorScheme}-${checked.width}`);
      await page.setViewportSize(other);
      await assertFits(page);
      await screenshot(page, `example-${id}-${colorScheme}-${other.width}`);
    }
  });
}

test('at twice the size of text nothing is cut off', async () => {
  const page = await browser.openPanel(server, 'components', { viewport: { width: 640, height: 800 } });
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  await assertFits(page);
  const cut = await page.evaluate(() => {
    const root = document.getElementById('panel').shadowRoot;
    return [...root.querySelectorAll('.nx-button-label, .nx-metric-value, .nx-text, .nx-container-title, .nx-badge-label')]
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
      .map((element) => element.textContent);
  });
  assert.deepEqual(cut, []);
  await screenshot(page, 'components-200-percent');
});

test('a page from right to left is mirrored, and its charts are not', async () => {
  const page = await browser.openPanel(server, 'components');
  await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
  await assertFits(page);
  const box = await page.locator('.nx-metric').first().boundingBox();
  assert.ok(box.x > 600, 'the first metric is not on the right');
  const label = await page.locator('.nx-switch').first().evaluate((element) => {
    const track = element.querySelector('.nx-switch-track').getBoundingClientRect();
    return track.left > element.querySelector('.nx-switch-label').getBoundingClientRect().left;
  });
  assert.ok(label, 'a switch is not on the right of its label');
  const axis = await page.locator('.nx-chart-plot').first().evaluate((element) => getComputedStyle(element).direction);
  assert.equal(axis, 'ltr');
  await screenshot(page, 'components-right-to-left');
});

test('a line whose parts are to stretch is full, with parts of one width', async () => {
  const page = await browser.openPanel(server, 'calculator', { viewport: NARROW });
  const keys = await page.getByRole('button', { name: /^[789/]$/ }).evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect()));
  assert.equal(new Set(keys.map(({ top }) => top)).size, 1);
  assert.ok(Math.max(...keys.map(({ width }) => width)) - Math.min(...keys.map(({ width }) => width)) < 1.5);
  assert.ok(keys.at(-1).right > NARROW.width - 24, `the last key ends at ${keys.at(-1).right}`);
});

test("with the system's own colours controls keep their outlines and states", async () => {
  const page = await browser.openPanel(server, 'components', { forcedColors: 'active' });
  const border = await page.getByRole('button', { name: 'Slow' }).evaluate((element) => getComputedStyle(element).borderTopWidth);
  assert.equal(border, '1px');
  assert.ok(await page.getByRole('switch', { name: 'Notify me' }).evaluate((element) => getComputedStyle(element).opacity === '1'));
  await screenshot(page, 'components-forced-colours');
});

test('a patch moves nothing that it does not change', async () => {
  const page = await browser.openPanel(server, 'components');
  await waitFor(page, () => document.getElementById('panel').shadowRoot.querySelectorAll('.nx-chart-plot > svg').length, 4);
  const moved = await page.evaluate(async () => {
    const { client } = document.getElementById('panel');
    const drawn = async () => {
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    };
    await drawn();
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: 'layout-shift', buffered: false });
    const shifts = [];
    for (const [path, value] of [
      ['revenue', 7654321.25], ['name', 'Grace'], [['rows', 0, 'title'], 'Another title'], ['series', [{ x: 'Mon', y: 1 }, { x: 'Tue', y: 25 }]],
    ]) {
      await client.set(path, value);
      await drawn();
      for (const entry of observer.takeRecords())
        if (entry.value > 0.002) shifts.push([String(path), entry.value, ...entry.sources.map(({ node }) => node?.className ?? node?.nodeName)]);
    }
    return shifts;
  });
  assert.deepEqual(moved, []);
});

test('one changed key touches the nodes that are bound to it, and no others, and a page at rest is left alone', async () => {
  const names = Array.from({ length: 200 }, (_, at) => `n${at}`);
  const created = await server.createPanel(`<NexusPanel title="Many"><Data>
    ${names.map((name) => `<State name="${name}" type="number" default="0"/>`).join('')}</Data>
    <View><Layout>${names.map((name) => `<Text content="${name} is {$state.${name}}"/>`).join('')}</Layout></View></NexusPanel>`, { panelId: 'many' });
  assert.equal(created.status, 201, created.text);
  const page = await browser.openPanel(server, 'many');
  const touched = await page.evaluate(async () => {
    const panel = document.getElementById('panel');
    const elements = new Set();
    const observer = new MutationObserver((records) => records.forEach(({ target }) => elements.add(target.textContent)));
    for (const root of [document, panel.shadowRoot])
      observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    await panel.client.set('n150', 7);
    // Long enough for a second hand, such as that of a pause before the next attempt to connect.
    await new Promise((resolve) => setTimeout(resolve, 600));
    return [...elements];
  });
  assert.deepEqual(touched, ['n150 is 7']);
});

// What the keyboard is at: the name of the focused control, and whether it shows.
const focused = (page) => page.evaluate(() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const { outlineStyle } = getComputedStyle(element);
  const track = element.matches('.nx-switch-box') ? getComputedStyle(element.nextElementSibling).outlineStyle : 'none';
  const label = element.getRootNode().querySelector(`label[for="${element.id}"]`)?.textContent;
  return { name: element.getAttribute('aria-label') ?? (label || element.closest('label')?.textContent || element.textContent.trim()), visible: outlineStyle !== 'none' || track !== 'none' };
});

async function tabTo(page, name) {
  const met = [];
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    // Past its last control the focus leaves the page, to come back at its first.
    if (await page.evaluate(() => document.activeElement === document.body)) continue;
    const at = await focused(page);
    assert.ok(at.visible, `nothing shows that "${at.name}" has the focus`);
    met.push(at.name);
    if (at.name === name) return;
  }
  assert.fail(`the keyboard never comes to "${name}", only to ${met.join(', ')}`);
}

test('a to-do list is kept with the keyboard alone', async () => {
  const page = await browser.openPanel(server, 'todo');
  await tabTo(page, 'What is there to do?');
  await page.keyboard.type('Learn the keys');
  await tabTo(page, 'Add');
  await page.keyboard.press('Enter');
  const row = page.locator('.nx-list > *', { hasText: 'Learn the keys' });
  await row.waitFor();
  const { todos, items } = await server.state('todo');
  const place = (todos ?? items).findIndex(({ title, text }) => (title ?? text) === 'Learn the keys');
  assert.ok(place >= 0);
  await row.getByRole('button', { name: 'Finish' }).focus();
  await page.keyboard.press('Space');
  await row.getByRole('button', { name: 'Reopen' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await row.waitFor({ state: 'detached' });
});

test('every control of a panel can be reached, used and left with the keyboard alone', async () => {
  const page = await browser.openPanel(server, 'components');
  await tabTo(page, 'Modal');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Notice' });
  await dialog.waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.ok(await dialog.evaluate((element) => element.contains(element.getRootNode().activeElement) || document.activeElement === document.body), 'the focus left the dialog');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await focused(page)).name, 'Modal');
  await tabTo(page, 'Name');
  await tabTo(page, 'Age');
  await page.keyboard.press('ArrowUp');
  await tabTo(page, 'Notify me');
  await page.keyboard.press('Space');
  await tabTo(page, 'Filter log lines');
  await tabTo(page, 'Log');
  await tabTo(page, 'Copy');
  await waitFor(page, () => [document.getElementById('panel').client.state.age, document.getElementById('panel').client.state.on], [37, false]);
  await page.keyboard.press('Shift+Tab');
  assert.equal((await focused(page)).name, 'Log');
});
