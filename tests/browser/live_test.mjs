// Panels that are alive: what one page does, the others show.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { ROOT, browser, screenshot, server, startWeatherServer, useServer } from './browser.mjs';

let weather;

useServer(async () => {
  weather = await startWeatherServer();
  return { panels: join(ROOT, 'examples'), env: { HTTP_ALLOW_PRIVATE_HOSTS: `127.0.0.1:${weather.port}` } };
});
after(() => weather?.stop());

const metric = (page, label) => page.getByRole('group', { name: label }).locator('.nx-metric-value');
const shows = (page, label, text) =>
  page.locator(`.nx-metric[aria-label="${label}"] .nx-metric-value`, { hasText: new RegExp(`^${text}$`) }).waitFor();

test('a click in one page counts in the other', async () => {
  const [left, right] = [await browser.openPanel(server, 'counter'), await browser.openPanel(server, 'counter')];
  const start = Number(await metric(left, 'Count').innerText());
  await left.getByRole('button', { name: 'Add 1', exact: true }).click();
  await shows(right, 'Count', start + 1);
  await right.getByRole('button', { name: 'Add ten' }).click();
  await shows(left, 'Count', start + 11);
  await right.getByText('odd', { exact: true }).waitFor();
  await screenshot(left, 'counter');
});

test('what is typed into a bound field reaches the other page and the next run', async () => {
  const [left, right] = [await browser.openPanel(server, 'counter'), await browser.openPanel(server, 'counter')];
  const start = Number(await metric(left, 'Count').innerText());
  await left.getByLabel('How much each click counts').fill('25');
  await left.getByRole('button', { name: 'Add 25' }).click();
  await shows(right, 'Count', start + 25);
  assert.equal(await right.getByLabel('How much each click counts').inputValue(), '25');
  await right.getByLabel('How much each click counts').fill('1');
  await shows(left, 'Step', '1');
});

test('a field that is being typed into keeps its text and caret while patches arrive', async () => {
  const [left, right] = [await browser.openPanel(server, 'todo'), await browser.openPanel(server, 'todo')];
  const field = left.getByLabel('Name of the list');
  await field.click();
  await field.press('Home');
  await field.pressSequentially('My ');
  await right.getByText('My Today').waitFor();
  await right.getByRole('button', { name: 'Finish' }).first().click();
  await shows(left, 'Done', '2');
  assert.equal(await field.inputValue(), 'My Today');
  assert.deepEqual(await field.evaluate((input) => [input.matches(':focus'), input.selectionStart]), [true, 3]);
});

test('a to-do item is added, finished and removed everywhere', async () => {
  const [left, right] = [await browser.openPanel(server, 'todo'), await browser.openPanel(server, 'todo')];
  await left.getByLabel('What is there to do?').fill('Water the plants');
  await left.getByRole('button', { name: 'Add', exact: true }).click();
  const row = right.locator('.nx-list > *', { hasText: 'Water the plants' });
  await row.getByRole('button', { name: 'Finish' }).click();
  await left.locator('.nx-list > *', { hasText: 'Water the plants' }).getByText('Reopen').waitFor();
  assert.equal(await left.getByLabel('What is there to do?').inputValue(), '');
  await screenshot(left, 'todo');
  await row.getByRole('button', { name: 'Remove' }).click();
  await left.getByText('Water the plants').waitFor({ state: 'detached' });
});

test('the weather panel shows that it is busy before the answer arrives', async () => {
  const source = await readFile(join(ROOT, 'examples', 'weather.nxml'), 'utf8');
  const initialState = { server: weather.url, delay: 1500 };
  const created = await server.createPanel(source, { panelId: 'forecast', initialState });
  assert.equal(created.status, 201, created.text);
  const [asking, watching] = [await browser.openPanel(server, 'forecast'), await browser.openPanel(server, 'forecast')];
  const button = asking.locator('button[aria-busy=true]');
  await Promise.all([
    watching.getByText('Loading the forecast').waitFor(),
    button.waitFor().then(() => screenshot(asking, 'weather-busy')),
    asking.getByRole('button', { name: 'Load' }).click(),
  ]);
  await watching.getByRole('heading', { name: 'Lisbon' }).waitFor();
  await watching.getByText('Loading the forecast').waitFor({ state: 'detached' });
  await button.waitFor({ state: 'detached' });
  await screenshot(watching, 'weather');
});

test('a slow job shows its steps, and other tools run meanwhile', async () => {
  const page = await browser.openPanel(server, 'job');
  await page.getByLabel('Seconds for each step').fill('1');
  await Promise.all([
    page.getByText('gathering').waitFor(),
    page.getByRole('progressbar', { name: 'A run is under way' }).waitFor(),
    page.getByRole('button', { name: 'Start' }).click(),
  ]);
  await page.getByRole('button', { name: 'Poke' }).click();
  await shows(page, 'Pokes meanwhile', '1');
  await page.getByText('found 3 parts').waitFor();
  await page.getByText('The job is done').waitFor();
  await shows(page, 'Progress', '100');
  await page.getByRole('progressbar', { name: 'A run is under way' }).waitFor({ state: 'hidden' });
});

test('a page that was offline catches up when it is back', async () => {
  const page = await browser.openPanel(server, 'counter');
  const start = Number(await metric(page, 'Count').innerText());
  await page.context().setOffline(true);
  await page.locator('#connection', { hasText: 'Offline' }).waitFor();
  await server.trigger('counter', 'add', { by: 100 });
  await page.context().setOffline(false);
  await page.locator('#connection[data-state=live]').waitFor();
  await shows(page, 'Count', start + 100);
  // The page may hear that it is online before it is.
  browser.ignore(/ERR_INTERNET_DISCONNECTED/);
});

test('a panel that is destroyed says so', async () => {
  const source = await readFile(join(ROOT, 'examples', 'counter.nxml'), 'utf8');
  await server.createPanel(source, { panelId: 'short-lived' });
  const page = await browser.openPanel(server, 'short-lived');
  await server.request('DELETE', '/panels/short-lived');
  await page.getByText('This panel is closed').waitFor();
});
