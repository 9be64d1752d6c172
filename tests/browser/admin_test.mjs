// The operator's page: /admin and its data.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { panelWith } from '../e2e/server.mjs';
import { ALL, SECRET, token } from '../e2e/tokens.mjs';
import { assertAccessible, assertFits, browser, screenshot, server, useServer } from './browser.mjs';

const OPERATOR = token({ sub: 'op', workspace: 'ops', permissions: ['admin'] });
const USER = token({ sub: 'ann', workspace: 'w1', permissions: ALL });
const as = (credential) => ({ headers: { authorization: `Bearer ${credential}` } });

// A browser reports that a page was refused, which here is the point.
useServer({ env: { AUTH_ENABLED: 'true', JWT_SECRET: SECRET, TIMEOUT_MS: '150' } }, { prepare, expected: /status of 403/ });

async function prepare() {
  const source = panelWith('while (true);', { logic: '<Tool name="fail"><Handler>throw new Error("&lt;b&gt;broken");</Handler></Tool>' });
  const made = await server.request('POST', '/panels',
    { ...as(USER), type: 'application/json', body: JSON.stringify({ source, panelId: 'watched' }) });
  assert.equal(made.status, 201, made.text);
  for (const tool of ['run', 'fail'])
    await server.request('POST', `/panels/watched/trigger/${tool}`, { ...as(USER), type: 'application/json', body: '{}' });
}

test('/admin/status is for the permission admin', async () => {
  assert.equal((await server.get('/admin/status')).status, 401);
  assert.equal((await server.request('GET', '/admin/status', as(USER))).status, 403);
  const { status, json } = await server.request('GET', '/admin/status', as(OPERATOR));
  assert.equal(status, 200);
  assert.equal(json.ready, true);
  assert.equal(json.panels.total, 1);
  assert.deepEqual([json.panels.list[0].id, json.panels.list[0].workspace], ['watched', 'w1']);
  assert.deepEqual(json.recent.failed.map(({ handler, code }) => [handler, code]), [['fail', 'EXECUTION_ERROR'], ['run', 'TIMEOUT']]);
  assert.deepEqual(json.recent.slow.map(({ handler }) => handler), ['run']);
  assert.ok(json.recent.slow[0].runningMs >= 100);
  assert.ok(json.pool.available >= 1);
});

test('the page shows panels, slow runs and errors, as text', async () => {
  const page = await browser.open(`${server.base}/admin#token=${OPERATOR}`);
  await page.getByRole('link', { name: 'watched' }).first().waitFor();
  assert.match(await page.locator('#panels').innerText(), /watched\s+Test\s+w1\s+running/);
  assert.match(await page.locator('#failed').innerText(), /EXECUTION_ERROR/);
  assert.match(await page.locator('#slow').innerText(), /watched\s+w1\s+run\s/);
  await assertAccessible(page);
  await assertFits(page);
  await screenshot(page, 'admin');
});

test('without the permission the page says so', async () => {
  const page = await browser.open(`${server.base}/admin#token=${USER}`);
  await page.getByText(/for the permission “admin”/).waitFor();
});
