// What the checks of deploy/ share: where programs and files are, and readers.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { parse, parseAllDocuments } from 'yaml';

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, '..', '..');
// script/setup --tests unpacks these.
const TOOLS = join(ROOT, 'build', 'deps', 'tools', 'usr');
export const KUSTOMIZE = join(TOOLS, 'bin', 'kustomize');
export const PROMTOOL = join(TOOLS, 'bin', 'promtool');
export const PROMETHEUS = join(TOOLS, 'bin', 'prometheus');
export const NGINX = join(TOOLS, 'sbin', 'nginx');
const MAX_OUTPUT = 64 << 20;

// Runs a program to its end and resolves to what it printed; rejects with all of that when it fails.
export async function run(program, args, options = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, args, { maxBuffer: MAX_OUTPUT, ...options });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}\nended with ${error.code}:\n${error.stdout}${error.stderr}`.slice(-20000));
  }
}

export const readRoot = (path) => readFile(join(ROOT, path), 'utf8');
export const readYaml = async (path) => parse(await readRoot(path));

// The objects of a file with several documents; a mistake in one is an error.
export function parseYamlStream(text) {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

// The table of settings as nexusd prints it: name => row.
export async function readSettings(nexusd) {
  const { settings } = JSON.parse(await run(nexusd, ['--print-settings']));
  return new Map(settings.map((row) => [row.name, row]));
}
