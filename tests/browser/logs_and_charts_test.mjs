// LogStream at any length, charts with the mouse, the keyboard and without either.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { assertAccessible, browser, eventually, screenshot, server, useServer, waitFor } from './browser.mjs';

const PANEL = `<NexusPanel title="Logs and charts">
  <Data>
    <State name="logs" type="list" default="[]"/>
    <State name="series" type="list" default='[{"day":"Mon","in":12,"out":3},{"day":"Tue","in":18,"out":7},{"day":"Wed","in":9,"out":5}]'/>
    <State name="none" type="list" default="[]"/>
  </Data>
  <Logic>
    <Tool name="many"><Arg name="count" type="number"/><Handler>
      const lines = [];
      for (let at = 0; at !== $args.count; at++) lines.push('line ' + at + (at % 1000 === 7 ? ' needle' : ''));
      $state.logs = lines;
    </Handler></Tool>
    <Tool name="log"><Handler>$state.logs.push({ timestamp: 1700000000000, level: 'error', message: 'new ' + $state.logs.length });</Handler></Tool>
    <Tool name="rotate"><Handler>$state.logs = $state.logs.slice(100);</Handler></Tool>
    <Tool name="only"><Arg name="what" type="string"/><Handler>$view.setFilter('log', $args.what);</Handler></Tool>
    <Tool name="top"><Handler>$view.scrollTo('log', 'top');</Handler></Tool>
    <Tool name="bottom"><Handler>$view.scrollTo('log', 'bottom');</Handler></Tool>
    <Tool name="day"><Handler>$state.series.push({ day: 'Thu', in: 30, out: 1 });</Handler></Tool>
  </Logic>
  <View><Layout strategy="stack">
    <LogStream id="log" data="{$state.logs}" height="300"/>
    <Layout strategy="auto">
      <Chart type="line" title="Traffic" unit="MB" data="{$state.series}" xKey="day" yKey="in, out" height="220"/>
      <Chart type="bar" title="Bars" data="{$state.series}" xKey="day" yKey="in,out" height="220"/>
      <Chart type="area" title="Area" data="{$state.series}" xKey="day" yKey="in" height="220"/>
      <Chart type="pie" title="Shares" data="{$state.series}" xKey="day" yKey="in" height="220"/>
      <Chart type="line" title="Empty" data="{$state.none}" height="150"/>
    </Layout>
  </Layout></View>
</NexusPanel>`;

let page;
let id;
let count = 0;

useServer();
beforeEach(async () => {
  id = `logs-${++count}`;
  const created = await server.createPanel(PANEL, { panelId: id });
  assert.equal(created.status, 201, created.text);
  page = await browser.openPanel(server, id, { permissions: ['clipboard-read', 'clipboard-write'] });
});

const log = () => page.getByRole('log');
const scroll = (to) => log().evaluate((element, where) => { element.scrollTop = where < 0 ? element.scrollHeight : where; }, to);
const rowsOnPage = () => page.locator('.nx-log-line').count();
const atEnd = () => log().evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 9);

async function fill(lines) {
  const { status, json } = await server.trigger(id, 'many', { count: lines });
  assert.equal(status, 200);
  assert.equal(json.status, 'success', JSON.stringify(json.error));
  await page.locator('.nx-log-count', { hasText: lines.toLocaleString('en-US') }).waitFor();
}

test('a hundred thousand lines are a few elements, and scrolling through them keeps up', async () => {
  await fill(100_000);
  await log().getByText('line 99999', { exact: true }).waitFor();
  assert.ok(await rowsOnPage() < 60, `${await rowsOnPage()} rows`);
  const slowest = await log().evaluate(async (element) => {
    const steps = 60;
    let most = 0;
    for (let step = 0; step <= steps; step++) {
      const started = performance.now();
      element.scrollTop = (element.scrollHeight * step) / steps;
      await new Promise(requestAnimationFrame);
      element.getBoundingClientRect();
      most = Math.max(most, performance.now() - started);
    }
    return most;
  });
  console.log(`slowest step of scrolling through 100,000 lines: ${slowest.toFixed(1)} ms`);
  await scroll(0);
  await log().getByText('line 0', { exact: true }).waitFor();
  await scroll(1_000_000);
  await log().getByText('line 50000', { exact: true }).waitFor();
  assert.ok(await rowsOnPage() < 60);
});

test('a log of a hundred thousand lines shows each new one', async () => {
  await fill(100_000);
  const tasks = await page.evaluate(async () => {
    const long = [];
    new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
    for (let at = 0; at < 10; at++) await document.getElementById('panel').trigger('log');
    return long;
  });
  console.log(`long tasks while 10 lines came to 100,000: ${JSON.stringify(tasks)}`);
  await log().getByText('new 100009').waitFor();
  assert.ok(await atEnd());
});

test('the log follows its end until the reader scrolls up, counts what comes, and goes back', async () => {
  await fill(500);
  assert.ok(await atEnd());
  await scroll(2000);
  await log().getByText('line 100', { exact: true }).waitFor();
  const before = await log().evaluate((element) => element.scrollTop);
  for (let at = 0; at < 3; at++) await server.trigger(id, 'log');
  const pill = page.getByRole('button', { name: '3 new lines' });
  await pill.waitFor();
  assert.equal(await log().evaluate((element) => element.scrollTop), before);
  await screenshot(page, 'log-paused');
  await pill.click();
  await log().getByText('new 502').waitFor();
  assert.ok(await atEnd());
  await server.trigger(id, 'log');
  await log().getByText('new 503').waitFor();
  assert.equal(await page.locator('.nx-log-pill').isVisible(), false);
});

test('lines that leave at the front do not move what is read', async () => {
  await fill(1000);
  await scroll(10_000);
  await log().getByText('line 500', { exact: true }).waitFor();
  const topOf = () => log().getByText('line 500', { exact: true }).evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const before = await topOf();
  await server.trigger(id, 'rotate');
  await page.locator('.nx-log-count', { hasText: '900 lines' }).waitFor();
  assert.ok(Math.abs(await topOf() - before) <= 1, `${before} became ${await topOf()}`);
});

test('the filter narrows a hundred thousand lines, from the box and from a handler', async () => {
  await fill(100_000);
  await page.getByLabel('Filter log lines').fill('NEEDLE');
  await page.locator('.nx-log-count', { hasText: '100 of 100,000 lines' }).waitFor();
  await log().getByText('line 99007 needle').waitFor();
  await server.trigger(id, 'only', { what: 'line 4242' });
  await page.locator('.nx-log-count', { hasText: '11 of 100,000' }).waitFor();
  assert.equal(await page.getByLabel('Filter log lines').inputValue(), 'line 4242');
});

test('lines are copied as they are filtered, and wrap or not', async () => {
  await fill(50);
  await page.getByLabel('Filter log lines').fill('line 4');
  await page.getByRole('button', { name: 'Copy the lines' }).click();
  await waitFor(page, () => navigator.clipboard.readText().then((text) => text.split('\n').slice(0, 2)), ['INFO  line 4', 'INFO  line 40']);
  const wrap = page.getByRole('button', { name: 'Wrap long lines' });
  assert.equal(await wrap.getAttribute('aria-pressed'), 'true');
  await wrap.click();
  assert.equal(await wrap.getAttribute('aria-pressed'), 'false');
  assert.equal(await log().locator('.nx-log-message').first().evaluate((element) => getComputedStyle(element).whiteSpace), 'pre');
});

test('a handler scrolls the log to its top and back', async () => {
  await fill(500);
  await server.trigger(id, 'top');
  await log().getByText('line 0', { exact: true }).waitFor();
  await server.trigger(id, 'bottom');
  await log().getByText('line 499', { exact: true }).waitFor();
});

const chart = (title) => page.locator('.nx-chart', { hasText: title });

test('charts come with the first panel that has one, not before', async () => {
  const bare = await server.createPanel('<NexusPanel title="Bare"><View><Layout><Text content="no chart"/></Layout></View></NexusPanel>', { panelId: `bare-${count}` });
  assert.equal(bare.status, 201);
  const loaded = (view) => view.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('/chart.js')).length);
  assert.equal(await loaded(await browser.openPanel(server, `bare-${count}`)), 0);
  await chart('Traffic').locator('.nx-chart-line').first().waitFor();
  assert.equal(await loaded(page), 1);
});

test('the pointer and the arrow keys read values, with their unit', async () => {
  const plot = chart('Traffic').locator('.nx-chart-plot');
  await plot.locator('.nx-chart-line').first().waitFor();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width - 20, box.y + 100);
  const readout = chart('Traffic').getByRole('status');
  await readout.getByText('Wed').waitFor();
  assert.match(await readout.innerText(), /in\s+9 MB\s+out\s+5 MB/);
  await page.mouse.move(0, 0);
  await readout.waitFor({ state: 'hidden' });
  await plot.focus();
  await page.keyboard.press('ArrowRight');
  await readout.getByText('Mon').waitFor();
  await page.keyboard.press('End');
  await readout.getByText('Wed').waitFor();
  await page.keyboard.press('ArrowLeft');
  await readout.getByText('Tue').waitFor();
});

test('a series is hidden and shown from the legend, and a part of a pie too', async () => {
  const lines = chart('Traffic').locator('path.nx-chart-line');
  await waitForCount(lines, 2);
  const entry = chart('Traffic').getByRole('button', { name: 'out' });
  await entry.click();
  assert.equal(await entry.getAttribute('aria-pressed'), 'false');
  await waitForCount(lines, 1);
  await server.trigger(id, 'day');
  await chart('Traffic').getByText('Thu').first().waitFor();
  assert.equal(await lines.count(), 1);
  await chart('Shares').getByRole('button', { name: 'Mon' }).click();
  await waitForCount(chart('Shares').locator('.nx-chart-slice'), 3);
});

test('every chart is a table as well, seen or heard', async () => {
  await chart('Bars').locator('.nx-chart-bar').first().waitFor();
  const table = chart('Bars').locator('table');
  assert.deepEqual(await table.locator('tbody tr').first().locator('td').allInnerTexts(), ['Mon', '12', '3']);
  const before = await chart('Bars').boundingBox();
  await chart('Bars').getByRole('button', { name: 'Table' }).click();
  await chart('Bars').locator('.nx-chart-plot').waitFor({ state: 'hidden' });
  assert.ok((await table.boundingBox()).height > 50);
  assert.ok((await chart('Bars').boundingBox()).height <= before.height + 1, 'the table takes no more room than the chart');
  await assertAccessible(page);
  await screenshot(page, 'charts-table');
});

test('a chart without data says so in the room it will take', async () => {
  await chart('Empty').getByText('No data yet').waitFor();
  assert.equal((await chart('Empty').locator('.nx-chart-plot').boundingBox()).height, 150);
});

test('new data appear without anything moving', async () => {
  await chart('Area').locator('.nx-chart-area').waitFor();
  const before = await chart('Area').boundingBox();
  await server.trigger(id, 'day');
  await chart('Area').getByText('Thu').first().waitFor();
  assert.deepEqual(await chart('Area').boundingBox(), before);
});

function waitForCount(locator, expected) {
  return eventually(() => locator.count(), expected);
}
