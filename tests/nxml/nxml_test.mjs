// The program `nexus` on NXML files, and what docs/ says about the language.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { validate } from './schema.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const golden = join(root, 'tests', 'golden', 'nxml');
const folder = await mkdtemp(join(tmpdir(), 'nexus-nxml-'));
after(() => rm(folder, { recursive: true }));

function nexus(args, input) {
  const { status, stdout, stderr } = spawnSync(process.env.NEXUS, args, { input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const readDoc = (name) => readFile(join(root, 'docs', name), 'utf8');
const good = (await readdir(golden)).filter((name) => /^good_.*\.nxml$/.test(name));

const handlerFolder = join(root, 'tests', 'golden', 'handlers');
const handlerFiles = (await readdir(handlerFolder)).filter((name) => name.endsWith('.nxml'));
const guide = await readDoc('NXML.md');
const examples = [...guide.matchAll(/(?:<!-- expect: ([A-Z_ ]+) -->\n)?```xml\n(.*?)```/gs)];

test('the guide has examples', () => assert.ok(examples.length >= 8));
for (const [, expected, source] of examples) {
  const title = /title="([^"]*)"/.exec(source)[1];
  test(`the example "${title}" is what the guide says`, () => {
    const { stdout, status } = nexus(['check', '--json', '-'], source);
    const [{ diagnostics }] = JSON.parse(stdout);
    const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
    assert.deepEqual(codes, expected?.split(' ') ?? []);
    assert.equal(status, expected ? 1 : 0);
  });
}

// What only the reading of handlers finds. NEXUS_UPDATE_GOLDEN=1 rewrites what is expected.
const found = new Set();
for (const name of handlerFiles) {
  test(`the handlers of ${name} are told what is expected`, async () => {
    const { stdout } = nexus(['check', '-'], await readFile(join(handlerFolder, name)));
    // Which extensions there are is another test's business.
    const actual = stdout.replace(/; known extensions: .*/g, '');
    const file = join(handlerFolder, name.replace('.nxml', '.expected'));
    if (process.env.NEXUS_UPDATE_GOLDEN) await writeFile(file, actual);
    assert.equal(actual, await readFile(file, 'utf8'));
    for (const [, code] of actual.matchAll(/error ([A-Z_]+)/g)) found.add(code);
  });
}
test('every code that handlers cause is among them', () => {
  assert.deepEqual([...found].sort(), ['COMPILATION_ERROR', 'EXTENSION_NOT_FOUND', 'FORBIDDEN_GLOBAL', 'INVALID_CAPABILITY',
    'PERMISSION_DENIED', 'UNDECLARED_EXTENSION', 'UNDEFINED_STATE_REFERENCE']);
});

test('the guide names every diagnostic code of the language', async () => {
  const header = await readFile(join(root, 'src/nexus/nxml/diagnostics_internal.h'), 'utf8');
  const codes = [...header.matchAll(/= "([A-Z_]+)"/g)].map(([, code]) => code);
  assert.ok(codes.length > 20);
  for (const code of codes) {
    const short = code.replace(/^DUPLICATE/, '');
    assert.ok(guide.includes(`\`${code}\``) || guide.includes(`\`${short}\``), code);
  }
});

test('every golden tree fits the schema', async () => {
  const schema = JSON.parse(await readDoc('nxml.schema.json'));
  assert.ok(good.length >= 10);
  for (const name of good) {
    const { stdout, status } = nexus(['ast', join(golden, name)]);
    assert.equal(status, 0, name);
    assert.deepEqual(validate(schema, JSON.parse(stdout)), [], name);
  }
});

test('the schema refuses what is no tree', async () => {
  const schema = JSON.parse(await readDoc('nxml.schema.json'));
  const { stdout } = nexus(['ast', join(golden, 'good_triggers.nxml')]);
  const broken = [
    (tree) => delete tree.view,
    (tree) => { tree.logic.tools[0].handler.code = 1; },
    (tree) => { tree.logic.tools[0].triggers[0].ms = 1; },
    (tree) => { tree.data.states[0].type = 'date'; },
    (tree) => { tree.extra = true; },
    (tree) => { tree.view.root.layout.colSpan = 13; },
  ];
  for (const breaks of broken) {
    const tree = JSON.parse(stdout);
    breaks(tree);
    assert.notDeepEqual(validate(schema, tree), [], String(breaks));
  }
});

test('the grammar knows every element, and its patterns compile', async () => {
  const text = await readDoc('nxml.tmLanguage.json');
  const grammar = JSON.parse(text);
  assert.equal(grammar.scopeName, 'text.nxml');
  const components = await readFile(join(root, 'src/nexus/nxml/components.cc'), 'utf8');
  const names = [...components.matchAll(/^ {4}component\("(\w+)", \d+/gm)].map(([, name]) => name);
  assert.ok(names.length >= 14);
  names.push('NexusPanel', 'Data', 'Logic', 'View', 'State', 'Computed', 'Extension', 'Tool', 'Arg', 'Trigger',
    'Capabilities', 'Capability', 'Lifecycle', 'Handler');
  const tags = grammar.repository.elements.patterns.slice(0, -1).map(({ begin }) => new RegExp(begin));
  for (const name of names) assert.ok(tags.some((tag) => tag.exec(`<${name} `)?.[2] === name), name);
  JSON.parse(text, (key, value) => {
    if (['match', 'begin', 'end'].includes(key)) new RegExp(value);
    if (key === 'include' && value.startsWith('#')) assert.ok(grammar.repository[value.slice(1)], value);
    return value;
  });
});

test('check prints one line for each mistake and exits with 1', () => {
  const { status, stdout } = nexus(['check', join(golden, 'bad_broken.nxml')]);
  assert.equal(status, 1);
  for (const line of stdout.trimEnd().split('\n')) assert.match(line, /bad_broken\.nxml:\d+:\d+: (error|warning) [A-Z_]+: ./);
  assert.equal(nexus(['check', join(folder, 'missing')]).status, 2);
});

test('fmt rewrites a file once, and --check only tells', async () => {
  const file = join(folder, 'panel.nxml');
  await copyFile(join(golden, 'good_greeter.nxml'), file);
  const before = await readFile(file, 'utf8');
  assert.deepEqual(nexus(['fmt', '--check', file]), { status: 1, stdout: `${file}\n`, stderr: '' });
  assert.equal(await readFile(file, 'utf8'), before);
  assert.deepEqual(nexus(['fmt', file]), { status: 0, stdout: `${file}\n`, stderr: '' });
  const text = await readFile(file, 'utf8');
  assert.notEqual(text, before);
  assert.deepEqual(nexus(['fmt', '--check', file]), { status: 0, stdout: '', stderr: '' });
  assert.equal(nexus(['fmt', '-'], before).stdout, text);
  assert.deepEqual(await readdir(folder), ['panel.nxml']);
});

test('fmt leaves a file alone that is not well-formed', async () => {
  const file = join(folder, 'broken.nxml');
  await writeFile(file, '<NexusPanel title="T"><View></NexusPanel>');
  const { status, stderr } = nexus(['fmt', file]);
  assert.equal(status, 1);
  assert.match(stderr, /broken\.nxml:1:\d+: error PARSE_ERROR: /);
  assert.equal(await readFile(file, 'utf8'), '<NexusPanel title="T"><View></NexusPanel>');
  await rm(file);
});

test('ast tells why there is none', () => {
  const { status, stdout, stderr } = nexus(['ast', '-'], '<NexusPanel/>');
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^-:1:2: error PARSE_ERROR: /m);
});

test('caps lists what each handler needs, by the extension and not by its alias', () => {
  const source = `<NexusPanel title="T">
  <Data><State name="n" type="number"/></Data>
  <Logic>
    <Extension name="nexus.http" alias="web"/>
    <Lifecycle on="mount"><Handler>$log('x');</Handler></Lifecycle>
    <Tool name="load">
      <Capabilities><Capability type="state:write" scope="n"/></Capabilities>
      <Handler>
        const r = await $ext.web.get('x');
        $state.n = r.status;
      </Handler>
    </Tool>
  </Logic>
</NexusPanel>`;
  const { status, stdout } = nexus(['caps', '--json', '-'], source);
  assert.equal(status, 0);
  const [load, mount] = JSON.parse(stdout);
  assert.equal(load.handler, 'load');
  assert.deepEqual(load.declared, ['state:write:n']);
  const needs = Object.fromEntries(load.needs.map(({ token, line }) => [token, line]));
  assert.equal(needs['ext:http'], 9);
  assert.equal(needs['state:write:n'], 10);
  assert.deepEqual(mount, { handler: 'mount', needs: [] });
  assert.match(nexus(['caps', '-'], source).stdout, /^-:10:\d+: load: state:write:n$/m);
});
