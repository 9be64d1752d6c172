// Every property of the built-in components (docs/NXML.md, "Components"): what it does, and what holds without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser, server, useServer, waitFor } from './browser.mjs';

let count = 0;

useServer();

// A page of a panel with this view.
async function open(view, options) {
  const id = `props-${++count}`;
  const created = await server.createPanel(`<NexusPanel title="Properties"><Data>
    <State name="text" type="string" default="Ada"/><State name="figure" type="number" default="5"/><State name="on" type="boolean" default="true"/>
    <State name="lines" type="list" default='${JSON.stringify(Array.from({ length: 60 }, (_, at) => `line ${at}`))}'/>
    <State name="rows" type="list" default='[{"x":"Mon","y":12},{"x":"Tue","y":18}]'/></Data>
    <Logic><Tool name="say"><Arg name="what" type="string" default="nothing"/><Handler>$state.text = $args.what;</Handler></Tool></Logic>
    <View>${view}</View></NexusPanel>`, { panelId: id });
  assert.equal(created.status, 201, created.text);
  return browser.openPanel(server, id, options);
}

const styleOf = (locator, name) => locator.evaluate((element, property) => getComputedStyle(element)[property], name);
const dataOf = (locator, name) => locator.evaluateAll((elements, key) => elements.map(({ dataset }) => dataset[key]), name);

test('without their optional properties components are as the documentation says', async () => {
  const page = await open(`<Layout><Container><Text content="{$state.text}"/></Container>
    <Metric label="Figure" value="{$state.figure}"/><StatusBadge label="State"/><LogStream data="{$state.lines}"/>
    <Chart type="line" data="{$state.rows}"/><Input bind="$state.text" label="Field"/><Switch bind="$state.on" label="Turn"/>
    <Button label="Go" trigger="say"/><Action label="Act" trigger="say"/></Layout>`);
  const layout = page.locator('#panel .nx-panel > .nx-layout > .nx-layout-inner');
  assert.deepEqual(await layout.evaluate(({ dataset }) => [dataset.strategy, dataset.gap]), ['auto', 'md']);
  assert.equal(await styleOf(layout, 'columnGap'), '16px');
  assert.deepEqual(await dataOf(page.locator('.nx-container'), 'variant'), ['card']);
  assert.ok(await page.locator('.nx-container-title').isHidden());
  assert.equal(await page.locator('.nx-text').evaluate(({ tagName }) => tagName), 'P');
  assert.match(await page.getByRole('group', { name: 'Figure' }).innerText(), /^Figure\s+5$/);
  assert.deepEqual(await dataOf(page.locator('.nx-badge'), 'status'), ['info']);
  const log = page.getByRole('log');
  assert.equal((await log.boundingBox()).height, 200);
  await log.getByText('line 59', { exact: true }).waitFor();
  await page.locator('.nx-chart-line').first().waitFor();
  assert.equal((await page.locator('.nx-chart-plot').boundingBox()).height, 300);
  const field = page.getByLabel('Field');
  assert.deepEqual(await field.evaluate(({ type, placeholder, disabled }) => [type, placeholder.trim(), disabled]), ['text', '', false]);
  assert.ok(await page.getByRole('switch', { name: 'Turn' }).isEnabled());
  assert.deepEqual(await dataOf(page.locator('.nx-button'), 'variant'), ['primary', 'primary']);
  await page.getByRole('button', { name: 'Act' }).click();
  await waitFor(page, () => document.getElementById('panel').state.text, 'nothing');
});

test('each value of a property that chooses does what it says', async () => {
  const each = (values, part) => values.map(part).join('');
  const page = await open(`<Layout strategy="stack">
    ${each(['sm', 'md', 'lg'], (gap) => `<Layout gap="${gap}"><Text content="gap"/></Layout>`)}
    ${each(['start', 'center', 'end', 'stretch'], (place) => `<Layout strategy="row" align="${place}" justify="${place}"><Button label="${place}" trigger="say"/></Layout>`)}
    ${each(['card', 'panel', 'section', 'transparent'], (variant) => `<Container variant="${variant}" title="${variant}"><Text content="inside"/></Container>`)}
    ${each(['h1', 'h2', 'h3', 'h4', 'body', 'code', 'caption'], (variant) => `<Text variant="${variant}" content="${variant}"/>`)}
    ${each(['up', 'down', 'neutral', 'flat'], (trend) => `<Metric label="${trend}" value="1" unit="m" trend="${trend}"/>`)}
    ${each(['success', 'warn', 'error', 'info'], (status) => `<StatusBadge value="${status}" label="" status="${status}"/>`)}
    ${each(['primary', 'secondary', 'danger', 'ghost'], (variant) => `<Button label="${variant} one" variant="${variant}" trigger="say"/>`)}
  </Layout>`);
  const inner = page.locator('.nx-layout-inner .nx-layout > .nx-layout-inner');
  assert.deepEqual(await inner.evaluateAll((all) => all.slice(0, 3).map((one) => getComputedStyle(one).rowGap)), ['8px', '16px', '24px']);
  assert.deepEqual(await inner.evaluateAll((all) => all.slice(3).map((one) => getComputedStyle(one).alignItems)), ['flex-start', 'center', 'flex-end', 'stretch']);
  const lefts = await page.getByRole('button', { name: /^(start|center|end|stretch)$/ }).evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
  assert.ok(lefts[0].left < lefts[1].left && lefts[1].left < lefts[2].left, 'from the start to the end');
  assert.ok(lefts[3].width > 1000, 'and over all of it');
  const borders = await page.locator('.nx-container').evaluateAll((all) => all.map((one) => [one.dataset.variant, getComputedStyle(one).borderTopStyle === 'none']));
  assert.deepEqual(borders.find(([variant]) => variant === 'transparent'), ['transparent', true]);
  assert.deepEqual(borders.find(([variant]) => variant === 'card'), ['card', false]);
  const sizes = await page.locator('.nx-layout-inner > .nx-text').evaluateAll((all) => all.filter(({ dataset }) => /^h\d$/.test(dataset.variant)).map((one) => Number.parseFloat(getComputedStyle(one).fontSize)));
  assert.deepEqual(sizes, [28, 22, 18, 16]);
  assert.equal(await page.locator('code', { hasText: 'code' }).count(), 1);
  for (const [label, spoken] of [['up', 'rising'], ['down', 'falling'], ['neutral', 'steady'], ['flat', 'steady']])
    assert.match(await page.getByRole('group', { name: label, exact: true }).innerText(), new RegExp(`1\\s*m\\s*${spoken}`));
  assert.deepEqual(await page.locator('.nx-badge').allInnerTexts().then((all) => all.map((text) => text.replace(/\s+/g, ' ').trim())),
    ['success (success)', 'warn (warn)', 'error (error)', 'info (info)']);
  const colours = await page.getByRole('button', { name: / one$/ }).evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
  assert.equal(new Set(colours).size, 4, `four looks: ${colours}`);
});

test('fields take the kind of input that they ask for, with placeholder and bounds, and follow what disables them', async () => {
  const page = await open(`<Layout>
    <Input bind="$state.text" label="Mail" inputType="email" placeholder="ada@example.org"/>
    <Input bind="$state.text" label="Secret" inputType="password"/>
    <Input bind="$state.figure" label="Figure" inputType="number" min="0" max="10" step="5"/>
    <Input bind="$state.text" label="Bound" disabled="{$state.on}"/><Switch bind="$state.on" label="Fixed" disabled="true"/>
    <Switch bind="$state.on" label="Turn"/><Button label="Off" trigger="say" disabled="{$state.on}"/></Layout>`);
  assert.deepEqual(await page.getByLabel('Mail').evaluate(({ type, placeholder }) => [type, placeholder]), ['email', 'ada@example.org']);
  assert.equal(await page.getByLabel('Secret').getAttribute('type'), 'password');
  const figure = page.getByRole('spinbutton', { name: 'Figure' });
  await figure.press('ArrowUp');
  await figure.press('ArrowUp');
  assert.equal(await figure.inputValue(), '10');
  await waitFor(page, () => document.getElementById('panel').state.figure, 10);
  assert.ok(await page.getByRole('switch', { name: 'Fixed' }).isDisabled());
  assert.ok(await page.getByRole('button', { name: 'Off' }).isDisabled());
  await page.getByRole('switch', { name: 'Turn' }).click();
  await page.locator('button:enabled', { hasText: 'Off' }).waitFor();
  assert.ok(await page.getByLabel('Bound').isEnabled());
});

test('a log has the height it asks for, and stays where it is when it is not to scroll', async () => {
  const page = await open('<Layout><LogStream data="{$state.lines}" height="10rem" autoScroll="false" wrap="false"/></Layout>');
  const log = page.getByRole('log');
  await log.getByText('line 0', { exact: true }).waitFor();
  assert.equal((await log.boundingBox()).height, 160);
  assert.equal(await log.evaluate(({ scrollTop }) => scrollTop), 0);
  assert.equal(await page.getByRole('button', { name: 'Wrap long lines' }).getAttribute('aria-pressed'), 'false');
});

test('a list has its loop variable, its index and its key, and a condition nothing when it does not hold', async () => {
  const page = await open(`<Layout><Iterate items="{$state.rows}" as="row" key="x"><Text content="{$scope.rowIndex} {$scope.index} {$scope.row.x}"/></Iterate>
    <If condition="{$state.figure > 9}"><Text content="large"/></If></Layout>`);
  assert.deepEqual(await page.locator('.nx-text').allInnerTexts(), ['0 0 Mon', '1 1 Tue']);
  await page.evaluate(() => document.getElementById('panel').client.set('figure', 10));
  await page.getByText('large').waitFor();
});

test('columns follow the width of the panel, not of the window', async () => {
  const page = await open(`<Layout>${'<Metric label="M" value="1"/>'.repeat(4)}<Text content="all"/></Layout>`, { viewport: { width: 1400, height: 800 } });
  const rows = async (width) => {
    await page.evaluate((px) => { document.getElementById('panel').style.width = `${px}px`; }, width);
    const [tops, text, panel] = await page.evaluate(() => {
      const root = document.getElementById('panel').shadowRoot;
      return [[...root.querySelectorAll('.nx-metric')].map((one) => one.getBoundingClientRect().top), root.querySelector('.nx-text').parentElement.getBoundingClientRect().width,
        root.querySelector('.nx-layout').getBoundingClientRect().width];
    });
    assert.equal(text, panel, 'text takes the whole line');
    return new Set(tops).size;
  };
  assert.deepEqual([await rows(1000), await rows(700), await rows(400)], [1, 2, 2]);
});
