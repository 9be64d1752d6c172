// A question that a run waits to have answered stands above the panel, in every page that shows it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT, browser, screenshot, server, useServer } from './browser.mjs';

useServer({ panels: join(ROOT, 'examples') });

async function granted(purpose) {
  const { json } = await server.trigger('approval', 'ask', { by: 'ada', purpose, amount: 20 });
  await server.trigger('approval', 'approve', { id: json.returnValue.id, by: 'bob' });
  return json.returnValue.id;
}

test('one page asks, another decides, and both see what became of it', async () => {
  const id = await granted('ink');
  const [asking, deciding] = [await browser.openPanel(server, 'approval'), await browser.openPanel(server, 'approval')];
  await asking.getByRole('button', { name: 'Pay', exact: true }).click();
  const question = deciding.getByRole('article', { name: 'Pay 20 € for ink' });
  await question.getByText('asked for by ada').waitFor();
  await screenshot(deciding, 'approval');
  await question.getByRole('button', { name: 'Approve' }).click();
  await question.waitFor({ state: 'detached' });
  await asking.getByText('confirmed by anonymous').waitFor();
  await asking.getByRole('article', { name: 'Pay 20 € for ink' }).waitFor({ state: 'detached' });
  assert.equal((await server.state('approval')).requests[id - 1].status, 'paid');
});

test('a page that is opened later shows what waits already', async () => {
  const id = await granted('paper');
  const paid = server.trigger('approval', 'pay', { id });
  const page = await browser.openPanel(server, 'approval');
  const question = page.getByRole('article', { name: 'Pay 20 € for paper' });
  await question.getByRole('button', { name: 'Reject' }).click();
  assert.deepEqual((await paid).json.returnValue, { paid: false, by: 'anonymous' });
  await question.waitFor({ state: 'detached' });
});
