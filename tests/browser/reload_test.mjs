// A page while the file of its panel is edited.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { assertAccessible, browser, eventually, screenshot, server, useServer } from './browser.mjs';

let folder;

const save = (text, name = 'note.nxml') => writeFile(join(folder, name), text);
const panel = (view) => `<NexusPanel id="note" title="Note">
  <Data><State name="text" type="string" default="draft"/></Data>
  <View><Layout>${view}</Layout></View>
</NexusPanel>`;
const FIELD = '<Input bind="$state.text" label="Text"/>';

useServer(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-reload-'));
  await save(panel(FIELD));
  return { env: { WATCH_DIR: folder } };
});
after(() => rm(folder, { recursive: true, force: true }));

test('a saved file shows at once, with what was typed', async () => {
  const page = await browser.openPanel(server, 'note');
  await page.getByLabel('Text').fill('mine');
  await page.locator('input[data-pending=false]').waitFor();
  await save(panel(`${FIELD}<Text id="echo" content="You wrote {$state.text}"/>`));
  await page.getByText('You wrote mine').waitFor();
  assert.equal(await page.getByLabel('Text').inputValue(), 'mine');
});

test('a broken file leaves the page as it is and says what is wrong, until the file loads again', async () => {
  await save(panel(FIELD));
  const page = await browser.openPanel(server, 'note');
  await save(panel('<Text content="{$state.txet}"/>'));
  const notice = page.getByRole('alert').filter({ hasText: 'note.nxml does not load' });
  await notice.getByText('3:').waitFor();
  await notice.getByText("did you mean 'text'").waitFor();
  await assertAccessible(page);
  assert.equal(await page.getByLabel('Text').count(), 1, 'the panel is still there');
  const late = await browser.openPanel(server, 'note');
  await late.getByRole('alert').filter({ hasText: 'note.nxml does not load' }).waitFor();
  await save(panel(`${FIELD}<Text content="Repaired"/>`));
  for (const each of [page, late]) {
    await each.getByText('Repaired').waitFor();
    await each.getByRole('alert').filter({ hasText: 'note.nxml' }).waitFor({ state: 'detached' });
  }
});

test('a file that never loaded is in the gallery and is a page of its mistakes, until it is a panel', async () => {
  const source = panel('<Text content="{$state.txet}"/>').replace('id="note"', 'id="late"');
  await save(source, 'late.nxml');
  const gallery = await browser.open(server.base);
  const item = gallery.getByRole('region', { name: 'Documents that do not load' }).getByRole('listitem').filter({ hasText: 'late.nxml' });
  await item.getByText(/late\.nxml:3:\d+: error UNDEFINED_STATE_REFERENCE: .*txet/).waitFor();
  await assertAccessible(gallery);
  await screenshot(gallery, 'gallery-faulty');
  const page = await browser.open(`${server.base}/p/late`);
  await page.getByRole('heading', { name: 'late.nxml does not load' }).waitFor();
  assert.match(await page.locator('.nx-fault').first().innerText(), /Line 3, column \d+: .*txet[\s\S]*3\s*<View>[\s\S]*\^/);
  await assertAccessible(page);
  await screenshot(page, 'fault');
  await save(source.replace('txet', 'text'), 'late.nxml');
  await page.getByText('draft').waitFor();
  // It looks again now and then, and when somebody comes back to it.
  await eventually(async () => {
    await gallery.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    return item.count();
  }, 0);
});
