// What people do with buttons, fields and switches, and what these say about it.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { SECRET, token } from '../e2e/tokens.mjs';
import { browser, eventually, server, startServer, useServer, waitFor } from './browser.mjs';

const PANEL = `<NexusPanel title="Controls">
  <Data>
    <State name="n" type="number" default="0"/>
    <State name="size" type="number" default="1.5"/>
    <State name="name" type="string" default="Ada"/>
    <State name="on" type="boolean" default="false"/>
    <State name="list" type="list" default='[{"title":"One"}]'/>
    <State name="said" type="string" default=""/>
    <State name="trend" type="string" default="up"/>
    <State name="word" type="string" default="no"/>
    <State name="working" type="boolean" default="false"/>
    <State name="held" type="boolean" default="true"/>
    <State name="kind" type="string" default="h2"/>
  </Data>
  <Logic>
    <Extension name="nexus.time" alias="time"/>
    <Tool name="slow"><Handler>while ($state.held) await $ext.time.sleep(50); $state.n += 1;</Handler></Tool>
    <Tool name="add"><Handler>$state.n += 1;</Handler></Tool>
    <Tool name="work"><Handler>$state.working = true; while ($state.held) await $ext.time.sleep(50); $state.working = false; $state.n += 1;</Handler></Tool>
    <Tool name="fail"><Handler>throw new Error('out of paper');</Handler></Tool>
    <Tool name="say"><Arg name="what" type="string"/><Handler>$state.said = $args.what;</Handler></Tool>
    <Tool name="clear"><Handler>$state.list = [];</Handler></Tool>
    <Tool name="fill"><Handler>$state.list = [{ title: 'Two' }, { title: 'Three' }];</Handler></Tool>
  </Logic>
  <View><Layout strategy="stack">
    <Layout strategy="row">
      <Button id="slow" label="Slow" trigger="slow"/>
      <Button label="Erase" trigger="add" variant="danger" confirm="Really erase it?"/>
      <Button label="Fail" trigger="fail"/>
      <Button label="Busy" trigger="work" disabled="{$state.working}"/>
      <Action label="Say" trigger="say" args="['from an action']" variant="ghost"/>
    </Layout>
    <Layout strategy="auto">
      <Input bind="$state.name" label="Name" helper="As in your passport" trigger="say" args="[$state.name]"/>
      <Input bind="$state.size" label="Size" inputType="number" min="0" max="3" step="0.5"/>
      <Input bind="$state.name" label="Locked" disabled="{$state.on}"/>
      <Input bind="$state.name" inputType="password" label="Secret"/>
    </Layout>
    <Switch bind="$state.on" label="Lock"/>
    <Metric label="Runs" value="{$state.n}" unit="runs" trend="{$state.trend}"/>
    <Metric label="Big" value="{$state.n + 1234567}"/>
    <Container title="Press me" trigger="add"><Text content="inside"/><Button label="Inner" trigger="say" args="['inner']"/></Container>
    <If condition="{$state.word}"><Text content="any word is true"/></If>
    <Text variant="{$state.kind}" content="Changing"/>
    <Text content="{$state.said}" variant="code"/>
    <Iterate items="{$state.list}" as="row" empty="All done"><Text content="{$scope.row.title} {$scope.index}"/></Iterate>
    <Iterate items="{$state.list.map(r => r.title)}" as="title" empty=""><Input bind="$scope.title" label="Derived"/></Iterate>
  </Layout></View>
</NexusPanel>`;

let page;
let id;
let count = 0;

useServer({ env: { DEBUG_ERRORS: 'true' } });
beforeEach(async () => {
  id = `controls-${++count}`;
  const created = await server.createPanel(PANEL, { panelId: id });
  assert.equal(created.status, 201, created.text);
  page = await browser.openPanel(server, id, { permissions: ['clipboard-read', 'clipboard-write'] });
});

const button = (name) => page.getByRole('button', { name, exact: true });
const runs = () => page.getByRole('group', { name: 'Runs' }).locator('.nx-metric-value');
const stateIs = async (key, value) => {
  await waitFor(page, () => document.getElementById('panel').shadowRoot.querySelector('[data-pending=true], [aria-busy=true]') === null, true);
  await eventually(async () => (await server.state(id))[key], value);
};
// Lets the runs end that last until then.
const release = () => page.evaluate(() => document.getElementById('panel').client.set('held', false));

test('clicks while a tool runs wait their turn, up to ten; one more is refused aloud', async () => {
  const slow = page.locator('.nx-button', { hasText: 'Slow' });
  await slow.evaluate((element) => { for (let at = 0; at < 12; at++) element.click(); });
  await page.locator('.nx-button-queued', { hasText: '+10' }).waitFor();
  await page.getByRole('alert').filter({ hasText: '10 clicks are waiting already' }).waitFor();
  await release();
  await runs().filter({ hasText: /^11$/ }).waitFor();
  await stateIs('n', 11);
  assert.equal(await page.locator('.nx-button-queued').first().isVisible(), false);
});

test('a run that waits for something outside says for what, and nothing moves', async () => {
  const slow = page.locator('.nx-button', { hasText: 'Slow' });
  const before = await page.getByRole('switch').boundingBox();
  await slow.click();
  await page.getByRole('progressbar', { name: 'Waiting for time.sleep' }).waitFor();
  assert.deepEqual(await page.getByRole('switch').boundingBox(), before);
  await release();
  await page.getByRole('progressbar', { name: 'Waiting for time.sleep' }).waitFor({ state: 'detached' });
});

test('a button that is disabled while it works keeps the focus, and does nothing meanwhile', async () => {
  const busy = button('Busy');
  await busy.focus();
  await page.keyboard.press('Enter');
  await waitFor(page, () => document.getElementById('panel').client.state.working, true);
  assert.ok(await busy.isDisabled());
  await page.keyboard.press('Enter');
  await release();
  await waitFor(page, () => document.getElementById('panel').client.state.working, false);
  assert.ok(await busy.evaluate((element) => element.matches(':focus')));
  await stateIs('n', 1);
});

test('a dangerous button asks first', async () => {
  await button('Erase').click();
  const dialog = page.getByRole('dialog', { name: 'Erase' });
  await dialog.getByText('Really erase it?').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await button('Erase').click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await stateIs('n', 0);
  await button('Erase').click();
  await dialog.getByRole('button', { name: 'Erase' }).click();
  await runs().filter({ hasText: /^1$/ }).waitFor();
});

test('a failure stays until the next click, with its place in the document for the author', async () => {
  await button('Fail').click();
  const alert = page.getByRole('alert').filter({ hasText: 'out of paper' });
  await alert.waitFor();
  assert.match(await alert.innerText(), /\(line \d+, column \d+\)$/);
  await button('Say').click();
  await page.getByText('from an action').waitFor();
  assert.ok(await alert.isVisible());
});

test('a field has its label and its help, and runs its tool when it is left', async () => {
  const name = page.getByLabel('Name', { exact: true });
  const helper = page.getByText('As in your passport');
  assert.equal(await name.getAttribute('aria-describedby'), await helper.getAttribute('id'));
  await name.fill('Grace');
  await name.press('Enter');
  await page.locator('code', { hasText: 'Grace' }).waitFor();
  await page.getByRole('button', { name: 'Clear' }).first().click();
  assert.equal(await name.inputValue(), '');
  assert.ok(await name.evaluate((input) => input.matches(':focus')));
  await name.fill('x');
  await name.press('Escape');
  await stateIs('name', '');
});

test('a number goes up and down by buttons and keys, within its bounds', async () => {
  const size = page.getByRole('spinbutton', { name: 'Size' });
  await size.press('ArrowUp');
  assert.equal(await size.inputValue(), '2');
  await size.press('PageUp');
  assert.equal(await size.inputValue(), '3');
  await page.getByRole('button', { name: 'Less' }).first().click();
  await stateIs('size', 2.5);
  for (let at = 0; at < 7; at++) await size.press('ArrowDown');
  assert.equal(await size.inputValue(), '0');
  await stateIs('size', 0);
  assert.equal(await size.getAttribute('aria-valuenow'), '0');
});

test('a number may be typed with a comma, and a step keeps decimals clean', async () => {
  const size = page.getByRole('spinbutton', { name: 'Size' });
  await size.fill('0,1');
  await stateIs('size', 0.1);
  await size.press('ArrowUp');
  assert.equal(await size.inputValue(), '0.6');
});

test('a switch is a checkbox by keyboard and mouse, and what it locks is locked', async () => {
  const lock = page.getByRole('switch', { name: 'Lock' });
  await lock.focus();
  await page.keyboard.press('Space');
  assert.ok(await lock.isChecked());
  await waitFor(page, () => document.getElementById('panel').client.state.on, true);
  assert.ok(await page.getByLabel('Locked').isDisabled());
  await stateIs('on', true);
});

test('what the server refuses goes back to what it was, with the reason beside it', async () => {
  const guarded = await startServer({ env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, WORKSPACE_ID: 'w1' } });
  try {
    const headers = { authorization: `Bearer ${token()}` };
    const body = JSON.stringify({ source: PANEL, panelId: 'guarded' });
    const created = await guarded.request('POST', '/panels', { body, type: 'application/json', headers });
    assert.equal(created.status, 201, created.text);
    const view = await browser.open(`${guarded.base}/p/guarded#token=${token({ permissions: ['panel:read'] })}`);
    const field = view.getByLabel('Name', { exact: true });
    await field.fill('Eve');
    const reason = view.locator('.nx-field', { has: field }).getByRole('alert');
    await reason.filter({ hasText: 'panel:execute' }).waitFor();
    assert.equal(await field.inputValue(), 'Ada');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.ok((await field.getAttribute('aria-describedby')).includes(await reason.getAttribute('id')));
    const lock = view.getByRole('switch', { name: 'Lock' });
    await lock.press('Space');
    await view.locator('.nx-field', { has: lock }).getByRole('alert').filter({ hasText: 'panel:execute' }).waitFor();
    assert.equal(await lock.isChecked(), false);
    await view.getByRole('button', { name: 'Say' }).click();
    await view.locator('.nx-button-box', { hasText: 'Say' }).getByRole('alert').filter({ hasText: 'panel:execute' }).waitFor();
  } finally {
    await guarded.stop();
    browser.ignore(/WebSocket|ERR_CONNECTION/);
  }
});

test('a field of a derived list cannot be written, and a refused write of a script is an error', async () => {
  assert.ok(await page.getByLabel('Derived').isDisabled());
  const refused = await page.evaluate(() => document.getElementById('panel').client.set('size', 'big').catch(({ message }) => message));
  assert.match(refused, /number/);
  assert.equal(await page.getByRole('spinbutton', { name: 'Size' }).inputValue(), '1.5');
});

test('a metric groups its digits, names its trend, and keeps its place when it changes', async () => {
  const big = page.getByRole('group', { name: 'Big' });
  assert.equal(await big.locator('.nx-metric-value').innerText(), '1,234,567');
  const runsBox = page.getByRole('group', { name: 'Runs' });
  assert.match(await runsBox.innerText(), /rising/);
  await page.evaluate(() => document.getElementById('panel').client.set('trend', 'neutral'));
  await runsBox.getByText('steady').waitFor();
  await page.evaluate(() => document.getElementById('panel').client.set('trend', 'nonsense'));
  await runsBox.getByText('steady').waitFor({ state: 'hidden' });
});

test('a container with a tool is pressed like a button', async () => {
  const box = page.getByRole('button', { name: /Press me/ });
  await box.click();
  await box.press('Enter');
  await box.press('Space');
  await runs().filter({ hasText: /^3$/ }).waitFor();
  await button('Inner').click();
  await page.locator('code', { hasText: 'inner' }).waitFor();
  await stateIs('n', 3);
});

test('a condition is what JavaScript takes for true', async () => {
  await page.getByText('any word is true').waitFor();
  await page.evaluate(() => document.getElementById('panel').client.set('word', ''));
  await page.getByText('any word is true').waitFor({ state: 'detached' });
});

test('a text whose variant changes is another heading, and code is copied', async () => {
  await page.getByRole('heading', { name: 'Changing', level: 2 }).waitFor();
  await page.evaluate(() => document.getElementById('panel').client.set('kind', 'h3'));
  await page.getByRole('heading', { name: 'Changing', level: 3 }).waitFor();
  await button('Say').click();
  await page.locator('code', { hasText: 'from an action' }).hover();
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await waitFor(page, () => navigator.clipboard.readText(), 'from an action');
});

test('a list that empties shows its own words, and fills again', async () => {
  await page.getByText('One 0').waitFor();
  await server.trigger(id, 'clear');
  await page.getByText('All done').waitFor();
  assert.equal(await page.getByText('One 0').count(), 0);
  await server.trigger(id, 'fill');
  await page.getByText('Three 1').waitFor();
  assert.equal(await page.getByText('All done').count(), 0);
});

test('motion that the reader does not want is left out', async () => {
  const calm = await browser.openPanel(server, id, { reducedMotion: 'reduce' });
  const moves = await calm.evaluate(() => {
    const root = document.getElementById('panel').shadowRoot;
    return [...root.querySelectorAll('.nx-button')].map((element) => getComputedStyle(element).transitionDuration);
  });
  assert.ok(moves.every((duration) => Number.parseFloat(duration) <= 0.001), String(moves));
});
