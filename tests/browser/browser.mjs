// Debian's Chromium in front of a real nexusd. NEXUSD names the program; ctest sets it.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

process.env.NEXUS_NEXUSD ??= process.env.NEXUSD;
const { ROOT, Server, startWeatherServer } = await import('../e2e/server.mjs');
// The tests stand outside the folder that has playwright.
const require = createRequire(join(ROOT, 'web', 'package.json'));
const { chromium } = require('playwright-core');
const AXE = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

const SCREENSHOTS = join(ROOT, 'build', 'screenshots');
const WAIT_MS = 15000;

export { ROOT, startWeatherServer };

export function startServer(options) {
  return Server.start({ ...options, args: ['--web', join(ROOT, 'web', 'dist')] });
}

// One browser for a test file, and every complaint of every page it showed.
export class Browser {
  #browser;
  #contexts = [];
  problems = [];

  static async launch() {
    const browser = new Browser();
    browser.#browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    return browser;
  }

  // A page of its own profile. Anything that its console calls an error or a warning fails `assertQuiet`.
  async open(url, options = {}) {
    const context = await this.#browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.problems.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.problems.push(`${page.url()}: ${error.message}`));
    await page.goto(url);
    return page;
  }

  // Opens a panel and waits until it is live and drawn.
  async openPanel(server, id, options) {
    const page = await this.open(`${server.base}/p/${id}`, options);
    await page.locator('#connection[data-state=live]').waitFor();
    await page.locator('#panel .nx-panel > .nx-layout').waitFor();
    return page;
  }

  // Closes the pages of one test and fails when one of them complained.
  async assertQuiet() {
    for (const context of this.#contexts.splice(0)) await context.close();
    assert.deepEqual(this.problems.splice(0), []);
  }

  close() {
    return this.#browser.close();
  }
}

export async function screenshot(page, name) {
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
  await page.evaluate(AXE);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await page.evaluate((values) => window.axe.run({ runOnly: { type: 'tag', values } }), tags);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`));
  assert.deepEqual(found, []);
}

// Waits until `read` in the page gives `expected`. Asks from outside: a page of ours lets nobody turn text into code.
export async function waitFor(page, read, expected) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const value = await page.evaluate(read);
    if (isDeepStrictEqual(value, expected)) return;
    if (Date.now() > deadline) assert.deepEqual(value, expected, `within ${WAIT_MS} ms`);
    await page.waitForTimeout(25);
  }
}
