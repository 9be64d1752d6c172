// Prints the software bill of materials (CycloneDX 1.5, JSON) of what deploy/collect copies: what is compiled or
// bundled into it, from the lock files, script/dependencies and the build machine's packages. The array's last
// entry "@debian packages@" stands for those that deploy/Dockerfile installs, which only its last stage knows.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const read = (path) => readFileSync(join(ROOT, path), 'utf8');

// Debian packages of which parts end up inside the programs: headers, static libraries, the guest's C library.
const COMPILED_IN = ['libboost1.81-dev', 'libboost-url1.81-dev', 'libcli11-dev', 'libtomlplusplus-dev', 'wasi-libc',
  'libclang-rt-16-dev-wasm32'];

function component(type, name, version, purl, more = {}) {
  return { type, 'bom-ref': purl, name, version, purl, ...more };
}

// npm's integrity is "sha512-" and Base64.
function hashesOf(integrity) {
  return [{ alg: 'SHA-512', content: Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex') }];
}

// The named packages as a folder's lock file pins them.
function npmComponents(folder, names) {
  const { packages } = JSON.parse(read(`${folder}/package-lock.json`));
  return names.map((name) => {
    const { version, integrity, license } = packages[`node_modules/${name}`];
    const licenses = license ? { licenses: [{ expression: license }] } : {};
    return component('library', name, version, `pkg:npm/${name.replace('@', '%40')}@${version}`,
      { hashes: hashesOf(integrity), ...licenses });
  });
}

// What the browser client's sources import from packages is bundled, except what the page that embeds it brings.
function bundledPackages() {
  const { peerDependencies = {} } = JSON.parse(read('web/package.json'));
  const sources = readdirSync(join(ROOT, 'web', 'src'), { recursive: true }).filter((path) => path.endsWith('.ts'));
  const imported = sources.flatMap((path) => [...read(join('web', 'src', path)).matchAll(/ from '((?:@[\w-]+\/)?[\w-]+)/g)]);
  return [...new Set(imported.map(([, name]) => name))].filter((name) => !(name in peerDependencies)).sort();
}

function debianComponents() {
  const format = '${Package}\t${Version}\t${Architecture}\n';
  const lines = execFileSync('dpkg-query', ['--show', `--showformat=${format}`, ...COMPILED_IN], { encoding: 'utf8' });
  const components = execFileSync('awk', ['-f', join(ROOT, 'deploy/sbom/debian.awk')], { input: lines, encoding: 'utf8' });
  return JSON.parse(`[${components}]`);
}

function quickjs() {
  const script = 'source script/dependencies; printf "%s %s" "$QUICKJS_VERSION" "$QUICKJS_SHA256"';
  const [version, hash] = execFileSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' }).split(' ');
  return component('library', 'quickjs', version, `pkg:generic/quickjs@${version}`,
    { hashes: [{ alg: 'SHA-256', content: hash }], licenses: [{ expression: 'MIT' }] });
}

// The amalgamation that better-sqlite3 carries: what scanners look for.
function sqlite() {
  const folder = 'third_party/node_modules/better-sqlite3/deps/sqlite3';
  const version = /#define SQLITE_VERSION\s+"([\d.]+)"/.exec(read(`${folder}/sqlite3.h`))[1];
  const content = createHash('sha256').update(read(`${folder}/sqlite3.c`)).digest('hex');
  return component('library', 'sqlite', version, `pkg:generic/sqlite@${version}`,
    { hashes: [{ alg: 'SHA-256', content }], licenses: [{ expression: 'blessing' }] });
}

const version = /^project\(nexus VERSION ([\d.]+)/m.exec(read('CMakeLists.txt'))[1];
const bom = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: component('application', 'nexus-runtime', version, `pkg:generic/nexus-runtime@${version}`) },
  components: [
    ...npmComponents('third_party', Object.keys(JSON.parse(read('third_party/package.json')).dependencies)),
    ...npmComponents('web', bundledPackages()), sqlite(), quickjs(), ...debianComponents(), '@debian packages@',
  ],
};
console.log(JSON.stringify(bom, null, 2));
