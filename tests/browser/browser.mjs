// Debian's Chromium in front of a real nexusd, which tests/e2e/server.mjs starts.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { ROOT, Server, startWeatherServer } from '../e2e/server.mjs';

// The tests stand outside the folder that has playwright.
const require = createRequire(join(ROOT, 'web', 'package.json'));
const { chromium } = require('playwright-core');
const AXE = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

const SCREENSHOTS = join(ROOT, 'build', 'screenshots');
// Never what decides: a machine that does much else may take long.
const WAIT_MS = 60000;
const USUAL_OPTIONS = { viewport: { width: 1200, height: 800 } };
const USUAL = JSON.stringify(USUAL_OPTIONS);
const AXE_OPTIONS = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  resultTypes: ['violations'],
  preload: false,
};

export { ROOT, startWeatherServer };

export function startServer(options) {
  return Server.start({ ...options, args: ['--web', join(ROOT, 'web', 'dist')] });
}

// Those of the test file, once `useServer` is called in it.
export let server;
export let browser;

// Starts nexusd and a browser before the tests of a file, and ends them afterwards. `options` are those of startServer, or
// a function that makes them; `prepare` is called when both are there: two hooks of a file would run side by side. After
// each test no page may have complained but of what matches `expected`.
export function useServer(options = {}, { prepare, expected } = {}) {
  before(async () => {
    server = await startServer(typeof options === 'function' ? await options() : options);
    browser = await Browser.launch();
    await prepare?.();
  });
  afterEach(() => {
    if (expected) browser.ignore(expected);
    return browser.assertQuiet();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
}

// A context that outlives its test. A page that holds the server's site open stays in it, so that the next page finds a process
// that knows the client's code: opening a panel takes a third of the time.
class KeptContext {
  #context;
  #session;
  busy = false;

  static async make(browser, options, origin) {
    const kept = new KeptContext();
    kept.#context = await browser.newContext(options);
    const anchor = await kept.#context.newPage();
    await anchor.goto(`${origin}/assets/favicon.svg`).catch(() => {});
    kept.#session = await kept.#context.newCDPSession(anchor);
    return kept;
  }

  newPage() {
    this.busy = true;
    return this.#context.newPage();
  }

  // Closes the test's pages; nothing that they left is there for the next test.
  async clear(origins, options) {
    const [, ...pages] = this.#context.pages();
    await Promise.all(pages.map((page) => page.close()));
    for (const origin of origins) await this.#session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'local_storage' });
    await this.#context.setOffline(false);
    if (!options.permissions) await this.#context.clearPermissions();
    this.busy = false;
  }
}

// One browser for a test file, and every complaint of every page it showed.
export class Browser {
  #browser;
  #kept = new Map(); // by options; undefined for those that were asked for once
  #contexts = []; // those of one test
  #origins = new Set();
  problems = [];

  static async launch() {
    const browser = new Browser();
    browser.#browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--process-per-site'],
    });
    return browser;
  }

  // A page with storage of its own. Anything that its console calls an error or a warning fails `assertQuiet`.
  async open(url, options = {}) {
    const page = await this.#newPage(url, { ...USUAL_OPTIONS, ...options });
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.problems.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.problems.push(`${page.url()}: ${error.message}`));
    await page.goto(url);
    return page;
  }

  async #newPage(url, options) {
    const { origin } = new URL(url);
    if (origin !== 'null') {
      this.#origins.add(origin);
      const kept = await this.#keep(options, origin);
      if (kept && !kept.context.busy) return kept.context.newPage();
    }
    const context = await this.#browser.newContext(options);
    this.#contexts.push(context);
    return context.newPage();
  }

  // Options that a test file uses once are not worth keeping a context for.
  async #keep(options, origin) {
    const key = JSON.stringify(options);
    const known = this.#kept.has(key);
    if (!this.#kept.get(key))
      this.#kept.set(key, known || key === USUAL ? { options, context: await KeptContext.make(this.#browser, options, origin) } : undefined);
    return this.#kept.get(key);
  }

  // Opens a panel and waits until it is live and drawn.
  async openPanel(server, id, options) {
    const page = await this.open(`${server.base}/p/${id}`, options);
    await page.locator('#connection[data-state=live]').waitFor();
    await page.locator('#panel .nx-panel > .nx-layout').waitFor();
    return page;
  }

  // Complaints that a test is about.
  ignore(pattern) {
    this.problems = this.problems.filter((problem) => !pattern.test(problem));
  }

  // Closes the pages of one test and fails when one of them complained.
  async assertQuiet() {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    for (const kept of this.#kept.values()) if (kept?.context.busy) await kept.context.clear(this.#origins, kept.options);
    this.#origins.clear();
    assert.deepEqual(this.problems.splice(0), []);
  }

  close() {
    return this.#browser.close();
  }
}

// For people who look; nothing is compared. Taken when NEXUS_SCREENSHOTS is set.
export async function screenshot(page, name) {
  if (!process.env.NEXUS_SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

// Fails when a page is wider than its window.
export async function assertFits(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${page.url()} is ${content} px wide in a window of ${window}`);
}

// Fails with what axe finds against WCAG 2.2 AA: names, roles, contrast.
export async function assertAccessible(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate((options) => window.axe.run(options), AXE_OPTIONS);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
  assert.deepEqual(found, []);
}

// Waits until `read`, called again and again, resolves to `expected`.
export async function eventually(read, expected) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const value = await read();
    if (isDeepStrictEqual(value, expected)) return;
    if (Date.now() > deadline) assert.deepEqual(value, expected);
    await delay(25);
  }
}

// Waits until `read` in the page gives `expected`. Asks from outside: a page of ours lets nobody turn text into code.
export function waitFor(page, read, expected) {
  return eventually(() => page.evaluate(read), expected);
}
