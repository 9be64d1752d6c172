// Runs every example of docs/HANDLERS.md and checks what its comments claim.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { ROOT, Server } from './server.mjs';

const doc = await readFile(join(ROOT, 'docs', 'HANDLERS.md'), 'utf8');
const [, data] = /```xml\n(<Data>.*?<\/Data>)\n```/s.exec(doc);
const examples = [...doc.matchAll(/```js\n(.*?)```/gs)].map(([, text]) => parse(text));

// An example is a handler, then comments that say how it is called and what comes of it.
function parse(text) {
  const lines = text.trimEnd().split('\n');
  const claims = [];
  while (/^\/\/ (with|returns|fails|refused|emits|logs|\$state)/.test(lines.at(-1))) claims.unshift(lines.pop().slice(3));
  return { handler: lines.join('\n'), claims };
}

function panel({ handler, claims }) {
  const timeout = claims.some((claim) => claim.startsWith('fails with TIMEOUT')) ? ' timeoutMs="200"' : '';
  return `<NexusPanel title="Example">${data}
  <Logic>
    <Extension name="nexus.time" alias="time"/>
    <Extension name="nexus.kv" alias="kv"/>
    <Tool name="run"${timeout}><Arg name="amount" type="number" required="false"/><Handler>
${handler}
</Handler></Tool>
  </Logic>
  <View><Text content="{$state.title} {$state.open}"/></View>
</NexusPanel>`;
}

// What each kind of comment checks. `ran` is {result, state, log}.
const checks = [
  [/^with .*$/, () => {}],
  [/^returns (.*)$/, ({ result }, value) => assert.deepEqual(result.returnValue, JSON.parse(value))],
  [/^\$state\.(\w+) is now (.*)$/, ({ state }, key, value) => assert.deepEqual(state[key], JSON.parse(value))],
  [/^emits (\S+) (.*)$/, ({ result }, name, payload) => {
    const found = result.events.find((event) => event.name === name);
    assert.deepEqual(found?.payload, JSON.parse(payload));
  }],
  [/^logs (\w+): (.*)$/, ({ log }, level, text) => {
    const line = log.split('\n').find((candidate) => candidate.includes(text));
    assert.ok(line?.toLowerCase().includes(level), `no line at ${level} with ${text} in:\n${log}`);
  }],
  [/^fails with (\w+)(?:: (.*))?$/, ({ result }, code, text = '') => {
    assert.equal(result.error?.code, code, JSON.stringify(result));
    assert.ok(result.error.message.includes(text), result.error.message);
  }],
];

function check(claim, ran) {
  for (const [pattern, compare] of checks) {
    const found = pattern.exec(claim);
    if (found) return compare(ran, ...found.slice(1));
  }
  throw new Error(`nobody checks the comment "${claim}"`);
}

let server;
before(async () => { server = await Server.start(); });
after(() => server.stop());

test('the page has its examples', () => assert.ok(examples.length >= 20, `${examples.length} examples`));

for (const [at, example] of examples.entries()) {
  test(`example ${at + 1}: ${example.claims.join('; ')}`, async () => {
    assert.ok(example.claims.length > 0, `nothing is claimed by:\n${example.handler}`);
    const id = `example${at}`;
    const created = await server.createPanel(panel(example), { panelId: id });
    const refused = example.claims.map((claim) => /^refused with (\w+)$/.exec(claim)?.[1]).find(Boolean);
    if (refused) {
      assert.equal(created.status, 422);
      return assert.ok(created.json.error.details.diagnostics.some(({ code }) => code === refused), created.text);
    }
    assert.equal(created.status, 201, created.text);
    const args = example.claims.map((claim) => /^with (.*)$/.exec(claim)?.[1]).find(Boolean);
    const { json: result, text } = await server.trigger(id, 'run', args ? JSON.parse(args) : {});
    if (!example.claims.some((claim) => claim.startsWith('fails'))) assert.equal(result?.status, 'success', text);
    const ran = { result, state: await server.state(id), log: server.log.replaceAll('\\"', '"') };
    for (const claim of example.claims) check(claim, ran);
  });
}
