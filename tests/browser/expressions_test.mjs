// Every expression of tests/expressions/cases.json as a binding of a view: what Chromium shows must be what the kernel's
// sandbox says of the same view, and both what the file says.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT, browser, server, useServer } from './browser.mjs';

const PER_PANEL = 60;
const { state, cases, mixed, hostile, endless } = JSON.parse(await readFile(join(ROOT, 'tests', 'expressions', 'cases.json'), 'utf8'));

useServer();

const typeOf = (value) => (Array.isArray(value) ? 'list' : typeof value);
const quoted = (text) => (text.includes('"') ? `'${text}'` : `"${text}"`);

// The text that tells a value's type and what it is, as an expression.
const described = (source) =>
  `{(v => typeof v === \`number\` ? \`number \${v}\` : \`\${typeof v} \${JSON.stringify(v)}\`)(${source})}`;

// A panel with one Text for each binding, inside a loop so that `$scope` holds something.
function panelOf(bindings) {
  const states = Object.entries(state).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `<State name="${name}" type="${typeOf(value)}" default='${text}'/>`;
  });
  const texts = bindings.map((binding) => `<Text variant="h4" content=${quoted(binding)}/>`);
  return `<NexusPanel title="Expressions"><Data>${states.join('')}</Data><View>
    <Layout><Iterate items="{[{id: 2, title: 'row'}]}" as="item">${texts.join('\n')}</Iterate></Layout></View></NexusPanel>`;
}

function contents(node) {
  return node.type === 'Text' ? [node.props.content] : node.children.flatMap(contents);
}

// What the sandbox and the browser make of each binding.
async function bothSides(id, bindings) {
  const created = await server.createPanel(panelOf(bindings), { panelId: id });
  assert.equal(created.status, 201, created.text);
  const kernel = contents((await server.get(`/panels/${id}/view`)).json.root);
  const page = await browser.openPanel(server, id);
  const shown = await page.locator('#panel .nx-text').evaluateAll((elements) => elements.map(({ textContent }) => textContent));
  return { kernel, shown, page };
}

test('there are at least three hundred of them', () => assert.ok(cases.length >= 300, `${cases.length}`));

for (let from = 0; from < cases.length; from += PER_PANEL) {
  const part = cases.slice(from, from + PER_PANEL);
  test(`expressions ${from + 1} to ${from + part.length} mean the same in the browser and in the sandbox`, async () => {
    const { kernel, shown } = await bothSides(`cases-${from}`, part.map(({ source }) => described(source)));
    const rows = (values) => part.map(({ source }, at) => [source, values[at]]);
    assert.deepEqual(rows(kernel), rows(part.map(({ value }) => value)));
    assert.deepEqual(rows(shown), rows(part.map(({ value }) => value)));
  });
}

test('text around bindings means the same in the browser and in the sandbox', async () => {
  const { kernel, shown } = await bothSides('mixed', mixed.map(({ source }) => source));
  assert.deepEqual(kernel, mixed.map(({ value }) => value));
  assert.deepEqual(shown, mixed.map(({ value }) => value));
});

test('an expression that reaches for more than data is refused at load, or has no value on either side', async () => {
  const accepted = [];
  for (const source of hostile) {
    const created = await server.createPanel(panelOf([`{${source}}`]));
    if (created.status !== 201) {
      assert.equal(created.status, 422, `${source}: ${created.text}`);
      const [first] = created.json.error.details.diagnostics;
      assert.ok(first.line >= 1 && first.column >= 1, `${source} is refused without a place`);
    } else {
      accepted.push(source);
    }
  }
  const { shown, page } = await bothSides('hostile', accepted.map((source) => `{${source}}`));
  assert.deepEqual(accepted.filter((_source, at) => shown[at] !== ''), []);
  assert.equal(await page.evaluate(() => ({}).polluted), undefined);
});

test('an expression that would run for ever is given up, and the page lives on', async () => {
  const created = await server.createPanel(panelOf(endless.map((source) => `{${source}}`)), { panelId: 'endless' });
  assert.equal(created.status, 201, created.text);
  const page = await browser.openPanel(server, 'endless');
  const shown = await page.locator('#panel .nx-text').evaluateAll((elements) => elements.map(({ textContent }) => textContent));
  assert.deepEqual(shown, endless.map(() => ''));
});
