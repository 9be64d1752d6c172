// Pages of a server that asks for tokens.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { SECRET, token } from '../e2e/tokens.mjs';
import { ROOT, assertAccessible, browser, server, useServer } from './browser.mjs';

// A browser reports every 401 in its console, which here is the point.
useServer({
  panels: join(ROOT, 'examples'), env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, WORKSPACE_ID: 'w1' },
}, { expected: /status of 401/ });

test('a token in the fragment is erased at once and opens the panel live', async () => {
  const page = await browser.open(`${server.base}/p/counter#token=${token()}`);
  await page.locator('#connection[data-state=live]').waitFor();
  assert.equal(page.url(), `${server.base}/p/counter`);
  await page.getByRole('button', { name: 'Add ten' }).click();
  await page.getByText('10', { exact: true }).first().waitFor();
  await page.reload();
  await page.locator('#connection[data-state=live]').waitFor();
});

test('without a token the page asks for one, and the token leads on', async () => {
  const page = await browser.open(`${server.base}/`);
  await page.getByLabel(/Paste a token/).waitFor();
  await assertAccessible(page);
  assert.equal(await page.locator('.nx-card').count(), 0);
  await page.getByLabel(/Paste a token/).fill(token());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Counter' }).waitFor();
});

test('a token that expires while the panel is open leads to the form', async () => {
  const page = await browser.open(`${server.base}/p/counter#token=${token()}`);
  await page.locator('#connection[data-state=live]').waitFor();
  // Everything is in the browser's cache by now, so that it is open long before the token expires.
  await page.evaluate((short) => sessionStorage.setItem('nexus.token', short), token({ seconds: 4 }));
  await page.reload();
  await page.locator('#connection[data-state=live]').waitFor();
  await page.getByLabel(/Paste a token/).waitFor();
});
