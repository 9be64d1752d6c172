// The package as npm packs it, installed in a project of its own: what others get.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const inside = path.join('prebuilds', 'linux-x64', 'nexus_runtime.node');
const { NEXUS_RUNTIME_BINARY: binary = path.join(root, inside), ...env } = process.env;

test('a project that installs the package runs handlers, from CommonJS and from modules', () => {
  const scratch = mkdtempSync(path.join(tmpdir(), 'nexus-package-'));
  try {
    const source = path.join(scratch, 'source');
    const leftOut = ['node_modules', 'prebuilds'].map((name) => path.join(root, name));
    cpSync(root, source, { recursive: true, filter: (from) => !leftOut.includes(from) });
    mkdirSync(path.dirname(path.join(source, inside)), { recursive: true });
    copyFileSync(binary, path.join(source, inside));
    const [{ filename, files }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--offline'], { cwd: source, stdio: ['ignore', 'pipe', 'ignore'] }));
    assert.deepEqual(files.map((file) => file.path).sort(),
      ['README.md', 'index.d.ts', 'index.js', 'lib/load.js', 'lib/serialize.js', 'package.json', inside]);

    const project = path.join(scratch, 'project');
    const installed = path.join(project, 'node_modules', '@nexus', 'runtime');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['--extract', '--file', path.join(source, filename), '--strip-components=1', '--directory', installed]);
    const use = `const runtime = new NexusRuntime({ maxInstances: 1 });
      runtime.execute('return $args.n + 1', { args: { n: 1 } }).then(({ returnValue }) => console.log(returnValue));`;
    writeFileSync(path.join(project, 'a.cjs'), `const { NexusRuntime } = require('@nexus/runtime');\n${use}`);
    writeFileSync(path.join(project, 'a.mjs'), `import { NexusRuntime } from '@nexus/runtime';\n${use}`);
    for (const file of ['a.cjs', 'a.mjs'])
      assert.equal(execFileSync(process.execPath, [file], { cwd: project, env, encoding: 'utf8' }), '2\n', file);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
