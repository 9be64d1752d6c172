// Takes the pictures of docs/images; see script/screenshots.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Browser, ROOT, startServer, startWeatherServer } from '../../tests/browser/browser.mjs';

const IMAGES = join(ROOT, 'docs', 'images');
const EXAMPLES = (await readdir(join(ROOT, 'examples'))).filter((name) => name.endsWith('.nxml')).map((name) => name.slice(0, -5));
const PAGE = { viewport: { width: 1200, height: 750 }, reducedMotion: 'reduce' };
const SMALL = { viewport: { width: 800, height: 600 }, reducedMotion: 'reduce' };

const weather = await startWeatherServer();
const server = await startServer({ panels: join(ROOT, 'examples'), env: { HTTP_ALLOW_PRIVATE_HOSTS: `127.0.0.1:${weather.port}` } });
const browser = await Browser.launch();

// Nothing that still moves or loads.
async function shoot(page, name) {
  await page.waitForFunction(() => !document.querySelector('#panel')?.shadowRoot?.querySelector('.nx-skeleton'));
  await page.waitForTimeout(400);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  await page.context().close();
}

async function run(panel, tool, args) {
  const { status, text, json } = await server.trigger(panel, tool, args);
  if (status !== 200 || json.status !== 'success') throw new Error(`${panel}.${tool}: ${text}`);
}

try {
  await mkdir(join(IMAGES, 'examples'), { recursive: true });
  await run('counter', 'add', { by: 42 });
  for (const id of EXAMPLES) await shoot(await browser.openPanel(server, id, SMALL), `examples/${id}`);

  const gallery = await browser.open(server.base, PAGE);
  await gallery.locator('.nx-card nexus-miniature').nth(7).waitFor({ state: 'attached' });
  await shoot(gallery, 'gallery');

  const play = await browser.open(`${server.base}/play`, { ...PAGE, colorScheme: 'dark' });
  await play.getByLabel('Start from').selectOption('To-do list');
  await play.getByRole('button', { name: 'Finish' }).first().waitFor();
  await shoot(play, 'playground');

  const panel = await browser.openPanel(server, 'todo', PAGE);
  await panel.getByRole('button', { name: 'Panel menu' }).click();
  await panel.getByRole('button', { name: 'State', exact: true }).click();
  await panel.locator('summary', { hasText: 'items' }).click();
  await shoot(panel, 'todo');
} finally {
  await browser.close();
  await server.stop();
  await weather.stop();
}
