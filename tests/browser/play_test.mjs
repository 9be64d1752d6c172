// The page /play.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { SECRET, token } from '../e2e/tokens.mjs';
import { ROOT, assertAccessible, assertFits, browser, eventually, screenshot, server, startServer, useServer } from './browser.mjs';

useServer({ panels: join(ROOT, 'examples') });

const DOCUMENT = `<NexusPanel title="Mine" id="mine">
  <Data><State name="n" type="number" default="1"/></Data>
  <Logic>
    <Tool name="add"><Handler>$state.n += 1;</Handler></Tool>
  </Logic>
  <View><Layout><Metric label="Number" value="{$state.n}"/><Button label="Add" trigger="add"/></Layout></View>
</NexusPanel>
`;

const status = (page) => page.locator('#status');
const live = (page) => page.getByRole('button', { name: 'Add', exact: true }).waitFor();
const figure = (page, value) => page.locator('#preview .nx-metric-value', { hasText: new RegExp(`^${value}$`) });

async function open(options, base = server.base) {
  const page = await browser.open(`${base}/play`, options);
  await status(page).getByText('No problems').waitFor();
  return page;
}

// Replaces the document as an author does: everything selected, the new one pasted.
async function write(page, text) {
  await page.getByRole('textbox', { name: 'NXML source' }).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

test('what is written lives beside it, and goes on from its state when the source changes', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Add ten' }).waitFor();
  await write(page, DOCUMENT);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await figure(page, 2).waitFor();
  await write(page, DOCUMENT.replace('label="Number"', 'label="Amount"'));
  await page.getByText('Amount').first().waitFor();
  await figure(page, 2).waitFor();
  await screenshot(page, 'play');
  await page.getByRole('button', { name: 'Reset state' }).click();
  await figure(page, 1).waitFor();
});

test('mistakes are underlined and listed, lead to their place, and leave the last good version alive', async () => {
  const page = await open();
  await write(page, DOCUMENT);
  await live(page);
  await write(page, DOCUMENT.replace('$state.n += 1', 'window.n = $state.nope'));
  await status(page).getByText('2 errors').waitFor();
  await eventually(() => page.locator('.cm-lintRange-error').count(), 2);
  await page.getByText('Shows the last version without errors.').waitFor();
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await figure(page, 2).waitFor();
  await page.getByRole('button', { name: /^error ?4:31/ }).click();
  assert.equal(await page.locator('.cm-activeLine').innerText(), '    <Tool name="add"><Handler>window.n = $state.nope;</Handler></Tool>');
  await assertAccessible(page);
  await screenshot(page, 'play-mistakes');
});

test('a document that never loaded is a page of its mistakes, each with the source around it', async () => {
  const page = await open();
  await page.getByRole('button', { name: 'Add ten' }).waitFor();
  await page.evaluate((text) => localStorage.setItem('nexus.play.draft', text), DOCUMENT.replace('$state.n += 1', 'window.n = 1'));
  await page.evaluate(() => sessionStorage.clear());
  await page.reload();
  await page.getByRole('heading', { name: 'This document does not load' }).waitFor();
  const fault = page.locator('.nx-fault').first();
  assert.match(await fault.innerText(), /Line 4, column 31: .*window[\s\S]*4\s*<Tool name="add">[\s\S]*\^{6}/);
  await assertAccessible(page);
  await screenshot(page, 'play-faults');
});

test('each tool lists its capabilities with the lines that need them', async () => {
  const page = await open();
  await page.getByLabel('Start from').selectOption('Weather, from another server');
  await page.getByRole('tab', { name: 'Capabilities' }).click();
  const rows = page.locator('.nx-needs-row', { hasText: 'ext:http' });
  await rows.first().waitFor();
  const line = Number(/line (\d+)/.exec(await rows.first().innerText())[1]);
  const source = (await readFile(join(ROOT, 'examples', 'weather.nxml'), 'utf8')).split('\n');
  assert.match(source[line - 1], /\$ext\./);
  await rows.first().getByRole('button').click();
  assert.equal((await page.locator('.cm-activeLine').innerText()).trim(), source[line - 1].trim());
  await assertAccessible(page);
});

test('every template is without errors', async () => {
  const page = await open();
  for (const name of await page.getByLabel('Start from').locator('option').allInnerTexts()) {
    if (name.endsWith('…')) continue;
    await page.getByLabel('Start from').selectOption(name);
    await page.locator(`#preview nexus-panel .nx-layout`).first().waitFor();
    await status(page).getByText(/^(No problems|\d+ warnings?)$/).waitFor();
  }
});

test('a replaced text can be brought back', async () => {
  const page = await open();
  await write(page, DOCUMENT);
  await live(page);
  await page.getByLabel('Start from').selectOption('Counter');
  await page.getByRole('button', { name: 'Add ten' }).waitFor();
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await live(page);
});

test('the draft outlives the page, as a file and as a link too', async () => {
  const page = await open();
  await write(page, DOCUMENT);
  await live(page);
  await page.reload();
  await live(page);

  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  assert.equal(file.suggestedFilename(), 'mine.nxml');
  assert.equal(await readFile(await file.path(), 'utf8'), DOCUMENT);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByText('The link is copied.').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const reader = await browser.open(link);
  await reader.getByText('This document came with a link').waitFor();
  assert.equal(new URL(reader.url()).hash, '');
  await reader.getByRole('button', { name: 'Run it' }).click();
  await figure(reader, 1).waitFor();
});

test('a file is opened, and one that is no text is refused', async () => {
  const page = await open();
  await page.locator('#file').setInputFiles({ name: 'mine.nxml', mimeType: 'application/xml', buffer: Buffer.from(DOCUMENT) });
  await live(page);
  await page.locator('#file').setInputFiles({ name: 'photo.nxml', mimeType: 'application/xml', buffer: Buffer.from([0xff, 0xd8]) });
  await page.getByText('photo.nxml is not UTF-8 text.').waitFor();
  await figure(page, 1).waitFor();
});

test('a damaged link says so', async () => {
  const page = await browser.open(`${server.base}/play#code=AAAA`);
  await page.getByText('The link is damaged').waitFor();
});

test('Create panel makes a panel of its own and leads there', async () => {
  const page = await open();
  await write(page, DOCUMENT.replaceAll('mine', 'made-here'));
  await live(page);
  await page.getByRole('button', { name: 'Create panel' }).click();
  await page.waitForURL('**/p/made-here');
  await page.locator('#connection[data-state=live]').waitFor();
  await page.goto(`${server.base}/play`);
  await figure(page, 1).waitFor();
  await page.getByRole('button', { name: 'Create panel' }).click();
  await page.getByText(/No panel was created: .*made-here.* exists/).waitFor();
  browser.ignore(/status of 409/);
});

test('a server that asks for tokens gets one, and then everything works', async () => {
  const guarded = await startServer({ env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, WORKSPACE_ID: 'w1' } });
  try {
    const page = await browser.open(`${guarded.base}/play`);
    await page.getByLabel(/Paste a token/).fill(token());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Add ten' }).click();
    await page.locator('#preview .nx-metric-value', { hasText: /^10$/ }).waitFor();
    browser.ignore(/status of 401/);
  } finally {
    await guarded.stop();
  }
});

for (const colorScheme of ['light', 'dark']) {
  test(`the playground fits a phone and can be used by anybody in ${colorScheme}`, async () => {
    const page = await open({ colorScheme, viewport: { width: 320, height: 740 } });
    await page.getByRole('button', { name: 'Add ten' }).waitFor();
    await assertFits(page);
    await assertAccessible(page);
    await screenshot(page, `play-${colorScheme}-phone`);
  });
}
