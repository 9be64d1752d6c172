// The image that deploy/Dockerfile makes: its configuration, what is in it, and that it works as the documents say it
// is run: as user 1000, on a read-only root filesystem, without capabilities.
//
// The production stage is built from what script/build made, in place of the builder stage. With
// NEXUS_IMAGE_FROM_SOURCE=1 (the test labelled long) the builder stage compiles it, and the development stage is built too.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, panelWith, runNexusd } from '../e2e/server.mjs';
import { SECRET, bearer, token } from '../e2e/tokens.mjs';
import { WebSocketClient } from '../e2e/websocket.mjs';
import { BASE, Container, WORK, buildImage, imageBytes, imageConfig, makeBase, removeImage } from './image.mjs';
import { restartTests } from './restart_tests.mjs';
import { ROOT, readRoot, run } from './tools.mjs';

const FROM_SOURCE = process.env.NEXUS_IMAGE_FROM_SOURCE === '1';
const TAG = FROM_SOURCE ? 'nexus-runtime-from-source' : 'nexus-runtime-test';
const BUILDER = 'nexus-builder';
const MAX_ADDED_BYTES = 120 << 20;
// Each of these goes another way through the image: panels and pages, sockets, tokens, files of panels.
const E2E = ['panels', 'live', 'auth', 'examples'];
// The long run has all others but these, which need what the image has not by design.
const LEFT_OUT = {
  start: 'settings of its own for the address and for tokens, and directories that cannot be written',
  lifecycle: 'the same, and the format of the log',
  record: 'recordings in a directory of the host',
  durable: 'exports to a directory of the host; restart_tests.mjs has the rest',
  disk: 'disks of its own below the data directory',
  store_faults: 'limits of the process that the container starts without',
  grants: 'starts with settings that must be refused, like start',
  fanout: 'the memory of the process, which has another id outside',
};
const CA = process.env.NODE_EXTRA_CA_CERTS;

let config;
let container;
let scratch;

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nexus-image-'));
  await chmod(scratch, 0o755);
  await makeBase();
  const context = join(WORK, 'context');
  if (FROM_SOURCE) {
    const certificate = CA ? ['--volume', `${CA}:/certificates.crt:ro`, '--build-arg', 'NODE_EXTRA_CA_CERTS=/certificates.crt'] : [];
    // Objects that the same compiler made of the same text; without them this takes the time of a first build.
    const objects = (await run('ccache', ['--get-config', 'cache_dir'])).trim();
    await mkdir(objects, { recursive: true });
    await buildImage('builder', BUILDER, { more: [...certificate, '--volume', `${objects}:/root/.cache/ccache`] });
  } else {
    await run(join(ROOT, 'deploy', 'collect'), [join(context, 'artifacts')]);
  }
  await buildImage('production', TAG, { builder: FROM_SOURCE ? `docker-image://localhost/${BUILDER}` : context });
  config = await imageConfig(TAG);
  container = await Container.create(TAG, config, { visible: [scratch, join(ROOT, 'examples')] });
});
after(async () => {
  await container?.remove();
  if (FROM_SOURCE) await removeImage(BUILDER); // some gigabytes
  await rm(scratch, { recursive: true, force: true });
});

// The file system of the image as a host's path.
const inside = (path) => join(container.root, path);

test('the configuration has the user, environment, ports, volume and health check that are promised', () => {
  assert.equal(config.User, '1000:1000');
  assert.deepEqual(config.Entrypoint, ['/app/bin/nexusd']);
  assert.equal(config.WorkingDir, '/app');
  const environment = Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s)));
  delete environment.PATH;
  assert.deepEqual(environment, {
    NODE_ENV: 'production', HTTP_PORT: '3000', WS_PORT: '3001', HOST: '0.0.0.0', AUTH_ENABLED: 'true', LOG_LEVEL: 'info',
    CACHE_DIR: '/tmp/nexus-cache', DATA_DIR: '/data', WEB_DIR: '/app/web',
  });
  assert.deepEqual(Object.keys(config.ExposedPorts).sort(), ['3000/tcp', '3001/tcp']);
  assert.deepEqual(Object.keys(config.Volumes), ['/data']);
  const second = 1e9;
  assert.deepEqual(config.Healthcheck, {
    Test: ['CMD', '/app/bin/nexusd', '--healthcheck'],
    Interval: 30 * second, Timeout: 3 * second, StartPeriod: 5 * second, Retries: 3,
  });
  assert.equal(config.Labels['org.opencontainers.image.title'], 'nexus-runtime');
  assert.equal(config.Labels['org.opencontainers.image.licenses'], 'MIT');
});

test('user and group nexus are 1000 and own /app, the cache and the data', async () => {
  assert.match(await readFile(inside('/etc/passwd'), 'utf8'), /^nexus:x:1000:1000:.*:\/usr\/sbin\/nologin$/m);
  assert.match(await readFile(inside('/etc/group'), 'utf8'), /^nexus:x:1000:$/m);
  for (const path of ['/app', '/app/bin/nexusd', '/app/web/index.html', '/tmp/nexus-cache', '/data']) {
    const { uid, gid } = await stat(inside(path));
    assert.deepEqual({ path, uid, gid }, { path, uid: 1000, gid: 1000 });
  }
});

if (!FROM_SOURCE) {
  test('the programs are those that were built just now, not those of a layer that was kept', async () => {
    for (const program of ['nexusd', 'nexus']) {
      const built = await readFile(join(WORK, 'context', 'artifacts', 'app', 'bin', program));
      assert.ok(built.equals(await readFile(inside(`/app/bin/${program}`))), program);
    }
  });
}

test('nothing that compiles or fetches is in the image', async () => {
  const unwanted = /^(gcc|g\+\+|cc|c\+\+|cpp|clang.*|ld|ld\.(bfd|gold|lld)|as|make|cmake|ninja|node|npm|python.*|git|curl|wget|wasm2c)(-\d+)?$/;
  for (const folder of ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/app/bin']) {
    const found = (await readdir(inside(folder))).filter((name) => unwanted.test(name));
    assert.deepEqual(found, [], folder);
  }
  const packages = await run('chroot', [container.root, 'dpkg-query', '--show', '--showformat=${Package}\n']);
  assert.deepEqual(packages.split('\n').filter((name) => /-dev$|^(gcc|g\+\+|clang)-\d+$/.test(name)), []);
});

test('the installed libraries are exactly those that the programs link', async () => {
  const dockerfile = await readRoot('deploy/Dockerfile');
  const [, listed] = /install -y --no-install-recommends \\\n([^&]*)/.exec(dockerfile);
  const libraries = listed.split(/[\s\\]+/).filter((name) => name && !['ca-certificates', 'tzdata'].includes(name));
  const needed = new Set();
  for (const program of ['nexusd', 'nexus']) {
    const linked = await container.run(['/usr/bin/ldd', `/app/bin/${program}`], {});
    assert.doesNotMatch(linked, /not found/);
    const direct = (await run('readelf', ['--dynamic', '--wide', inside(`/app/bin/${program}`)])).matchAll(/NEEDED.*\[(.*)\]/g);
    for (const [, name] of direct) {
      const [, path] = new RegExp(`^\\s*${name.replace(/[.+]/g, '\\$&')} => (\\S+)`, 'm').exec(linked) ?? [];
      if (path) needed.add((await run('chroot', [container.root, 'sh', '-c', `dpkg -S "$(realpath ${path})" || dpkg -S ${path}`])).split(':')[0]);
    }
  }
  const ofTheBase = ['libc6', 'libgcc-s1', 'zlib1g'];
  assert.deepEqual([...needed].filter((name) => !ofTheBase.includes(name)).sort(), libraries.sort());
});

test('the list of materials has every package of the image and what is compiled in, each once', async () => {
  const bom = JSON.parse(await readFile(inside('/app/sbom/nexus.cdx.json'), 'utf8'));
  assert.equal(bom.bomFormat, 'CycloneDX');
  const references = bom.components.map((component) => component['bom-ref']);
  assert.equal(new Set(references).size, references.length);
  const format = '${Package} ${Version}\n';
  const installed = await run('chroot', [container.root, 'dpkg-query', '--show', `--showformat=${format}`]);
  const listed = new Set(bom.components.map(({ name, version }) => `${name} ${version}`));
  for (const line of installed.trim().split('\n')) assert.ok(listed.has(line), `${line} is not listed`);
  for (const name of ['quickjs', 'sqlite', 'tree-sitter', 'tree-sitter-javascript', 'libboost1.81-dev', 'wasi-libc']) {
    assert.ok(bom.components.some((component) => component.name === name), `${name} is not listed`);
  }
  const pinned = bom.components.filter(({ purl }) => /^pkg:(npm|generic)/.test(purl));
  for (const { name, hashes } of pinned) assert.match(hashes[0].content, /^([0-9a-f]{64}|[0-9a-f]{128})$/, name);
});

test('the image adds less than 120 MB to its base', async (t) => {
  const [whole, base] = [Number((await run('du', ['--summarize', '--bytes', container.root])).split('\t')[0]), await imageBytes(BASE)];
  t.diagnostic(`base ${(base / 1e6).toFixed(1)} MB, added ${((whole - base) / 1e6).toFixed(1)} MB`);
  assert.ok(whole - base < MAX_ADDED_BYTES, `${whole - base} bytes`);
});

test('without a secret it says what is missing and does not start', async () => {
  await assert.rejects(container.start(config.Entrypoint, {}), /JWT_SECRET.*at least 32 bytes/);
});

test('it serves as user 1000 without capabilities, writes to its mounts only, and is healthy', async () => {
  const ports = { HTTP_PORT: String(await freePort()), WS_PORT: String(await freePort()) };
  const env = { ...ports, JWT_SECRET: SECRET, DATA_DIR: join(scratch, 'data'), CACHE_DIR: join(scratch, 'cache') };
  const health = () => container.run(config.Healthcheck.Test.slice(1), env);
  await assert.rejects(health(), /ended with 1/);
  const server = await container.start(config.Entrypoint, env);
  try {
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^CapBnd:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    await assert.rejects(container.run(['/usr/bin/touch', '/app/x'], env), /Read-only file system/);
    await health();
    const base = `http://127.0.0.1:${ports.HTTP_PORT}`;
    assert.equal((await fetch(`${base}/panels`)).status, 401);
    const headers = { 'content-type': 'application/xml', ...bearer(token()).headers };
    const created = await fetch(`${base}/panels`, { method: 'POST', headers, body: panelWith('return 1;') });
    assert.equal(created.status, 201, await created.clone().text());
    const { id } = await created.json();
    const changed = await fetch(`${base}/panels/${id}/trigger/ok`, { method: 'POST', ...bearer(token()) });
    assert.equal((await changed.json()).returnValue, 1);
    const socket = await WebSocketClient.open(ports.WS_PORT, `/panels/${id}/ws`, bearer(token()));
    assert.equal((await socket.next()).type, 'CONNECTED');
    socket.destroy();
    assert.match(await (await fetch(`${base}/`)).text(), /<!doctype html>/i);
    assert.ok((await readdir(env.CACHE_DIR)).length > 0, 'nothing was written to the cache');
    const { sandbox } = await (await fetch(`${base}/health`)).json();
    assert.equal(sandbox.mode, 'strict');
    assert.equal(sandbox.noNewPrivs, true);
    assert.ok((sandbox.landlock && sandbox.seccomp) || sandbox.missing.length > 0, 'a part of the second wall is missing without a reason');
    assert.match(server.log(), /second wall/);
    assert.doesNotMatch(server.log(), /"level":"error"/);
  } finally {
    assert.equal(await server.end(), 0);
  }
  await assert.rejects(health(), /ended with 1/);
});

test('the builder stage has the lock file of every folder that script/setup installs', async () => {
  const names = await run('bash', ['-c', 'source script/dependencies; echo "${NPM_FOLDERS[*]}"'], { cwd: ROOT });
  const dockerfile = await readRoot('deploy/Dockerfile');
  for (const folder of names.trim().split(' ')) assert.ok(dockerfile.includes(`COPY ${folder}/package.json ${folder}/package-lock.json`), folder);
});

test('time zones are known to cron triggers', async () => {
  const { size } = await stat(inside('/usr/share/zoneinfo/Europe/Berlin'));
  assert.ok(size > 0);
});

restartTests(() => ({ container, config, scratch }));

const allEndToEnd = readdirSync(join(ROOT, 'tests', 'e2e')).flatMap((name) => /^(\w+)_test\.mjs$/.exec(name)?.[1] ?? []);

for (const file of FROM_SOURCE ? allEndToEnd.filter((name) => !(name in LEFT_OUT)) : E2E) {
  test(`the end-to-end tests pass against the image: ${file}`, async () => {
    const settings = { HOST: '127.0.0.1', AUTH_ENABLED: 'false', LOG_FORMAT: 'text' };
    const launchers = await Promise.all(['nexusd', 'nexus'].map((name) => container.launcher(name, `/app/bin/${name}`, settings)));
    await mkdir(join(scratch, file));
    const env = { ...process.env, NEXUS_NEXUSD: launchers[0], TMPDIR: join(scratch, file) };
    delete env.NODE_TEST_CONTEXT; // this runner's own; with it the inner one reports to it instead of ending with a status
    await run(process.execPath, ['--test', join(ROOT, 'tests', 'e2e', `${file}_test.mjs`)], { env });
  });
}

// The words of a stage's instruction CMD.
async function commandOf(stage) {
  const [, instructions] = new RegExp(`^FROM \\S+ AS ${stage}\n([^]*?)(?=^FROM|$(?![^]))`, 'm').exec(await readRoot('deploy/Dockerfile'));
  return JSON.parse(/^CMD (.*)$/m.exec(instructions)[1]);
}

test('the command of the development stage is one that nexusd takes', async () => {
  const [program, ...args] = await commandOf('development');
  assert.equal(program, '/src/build/release/nexusd');
  const { code, stdout, stderr } = await runNexusd([...args, '--print-config']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\/src\/examples/);
});

if (FROM_SOURCE) {
  test('the development stage has the toolchain, and follows the examples as they change', async () => {
    const tag = 'nexus-runtime-development';
    await buildImage('development', tag, { builder: `docker-image://localhost/${BUILDER}` });
    const development = await imageConfig(tag);
    assert.deepEqual(development.Cmd, await commandOf('development'));
    assert.equal(development.User, '1000:1000');
    const stage = await Container.create(tag, development);
    try {
      for (const program of ['/usr/bin/g++', '/usr/bin/cmake', '/usr/bin/clang-16', '/src/build/release/nexusd']) {
        await stage.run([program, '--version'], {});
      }
      await followsItsFiles(stage, development.Cmd);
    } finally {
      await stage.remove();
      await removeImage(tag);
    }
  });
}

// Starts the development stage, changes a file of its examples, and waits for the panel to be what the file says.
async function followsItsFiles(stage, command) {
  const ports = { HTTP_PORT: String(await freePort()), WS_PORT: String(await freePort()) };
  const server = await stage.start(command, { ...ports, DATA_DIR: join(scratch, 'development') });
  try {
    const panel = `http://127.0.0.1:${ports.HTTP_PORT}/panels/counter`;
    await fetch(`${panel}/trigger/increment`, { method: 'POST' });
    const client = await WebSocketClient.open(ports.WS_PORT, '/panels/counter/ws');
    const file = join(stage.root, 'src', 'examples', 'counter.nxml');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/title="[^"]*"/, 'title="Changed"'));
    await client.until(({ type, event }) => type === 'EVENT' && event.name === 'system:reload');
    client.destroy();
    assert.equal((await (await fetch(panel)).json()).title, 'Changed');
    assert.equal((await (await fetch(`${panel}/state`)).json()).count, 1, 'the state is kept');
  } finally {
    assert.equal(await server.end(), 0);
  }
}
