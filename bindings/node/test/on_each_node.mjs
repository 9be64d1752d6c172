// Runs the tests but the one for leaks, which takes a minute, on each Node.js that the package promises to work on, and
// the type check once. One binary serves all.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const files = readdirSync(here).filter((name) => name.endsWith('_test.mjs') && name !== 'leak_test.mjs').map((name) => path.join(here, name));

function run(name, program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return true;
  console.error(`${name}: ${error ? error.message : `exit status ${status}`}`);
  return false;
}

const results = [
  run('types', process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict',
    '--types', 'node', '--module', 'node16', '--moduleResolution', 'node16', '--target', 'es2022', path.join(here, 'types.ts')]),
  ...['node18', 'node20', 'node22'].map((name) =>
    run(name, path.join(root, 'node_modules', name, 'bin/node'), ['--test', ...files])),
];
process.exit(results.every(Boolean) ? 0 : 1);
