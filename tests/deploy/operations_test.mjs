// docs/OPERATIONS.md against the server: what it names exists, and what the documents ask for is there.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { NEXUSD, Server, makeScratch, runNexusd } from '../e2e/server.mjs';
import { ROOT, readRoot, readSettings } from './tools.mjs';

// Words in capitals that are no settings: of Docker, of the build, of errors, of other programs.
const NO_SETTINGS = /^(ALL|BASE|REVISION|DIRECTORY|FILE|LD_LIBRARY_PATH|NODE_EXTRA_CA_CERTS|JSON)$/;

const MADE_BY_READER = 'deploy/.env';

let text;
let server;
before(async () => {
  text = await readRoot('docs/OPERATIONS.md');
  // With traces, which have series of their own; nobody has to be there to take them.
  server = await Server.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
});
after(() => server?.stop());

// The cells of each row of the table under a heading.
function rows(heading) {
  const [, section] = new RegExp(`^## ${heading}\n([^]*?)(?=^## |$(?![^]))`, 'm').exec(text);
  return section.split('\n').filter((line) => /^\|(?!-)/.test(line)).slice(1)
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

test('every setting, error code and metric it names exists', async () => {
  const settings = await readSettings(NEXUSD);
  const codes = new Set([...(await readRoot('docs/ERRORS.md')).matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code));
  const metrics = (await server.get('/metrics')).text;
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, one]) => one);
  for (const name of quoted.flatMap((one) => one.match(/\b[A-Z][A-Z]+(?:_[A-Z]+)+\b/g) ?? [])) {
    assert.ok(settings.has(name) || codes.has(name) || NO_SETTINGS.test(name), `${name} is nothing that exists`);
  }
  for (const name of quoted.flatMap((one) => one.match(/\bnexus_[a-z_]+/g) ?? [])) {
    assert.ok(new RegExp(`^(# TYPE )?${name}[ {]`, 'm').test(metrics), `${name} is not exported`);
  }
});

test('every file of the checkout it names exists', async () => {
  for (const [path] of text.matchAll(/\b(?:deploy|docs|script|tests|bindings)\/[\w./-]*\w/g)) {
    if (path !== 'bindings/node' && path !== MADE_BY_READER) await access(join(ROOT, path));
  }
});

test('the cluster needs and the kinds of workload of the documents are there', () => {
  for (const word of ['ingress-nginx', 'monitoring', 'make-secrets', 'storage class', 'metrics-server']) assert.ok(text.includes(word), word);
  assert.deepEqual(rows('Tuning').map(([workload]) => workload),
    ['bound by CPU', 'needs memory', 'sensitive to latency', 'needs throughput']);
});

test('the failures of the documents are there, each with its cause and what to do', () => {
  const failures = rows('Failures');
  for (const row of failures) assert.ok(row.length === 3 && row.every((cell) => cell.length > 3), row.join(' | '));
  const symptoms = failures.map(([symptom]) => symptom).join('\n');
  for (const word of ['shared libraries', 'Permission denied', 'healthcheck', 'cannot find module', 'OOMKilled', 'evicted', 'misses', 'suspensions']) {
    assert.ok(symptoms.includes(word), word);
  }
});

test('nexusd takes the settings of the systemd unit and of the file that its installation writes', async () => {
  const unit = await readRoot('deploy/systemd/nexusd.service');
  const environment = Object.fromEntries(/^Environment=(.*)$/m.exec(unit)[1].split(' ').map((pair) => pair.split('=')));
  const [, lines] = /echo '(.*)' \| sudo tee \/etc\/nexus\/nexus\.toml/.exec(text);
  const scratch = await makeScratch();
  try {
    const file = join(scratch, 'nexus.toml');
    await writeFile(file, `${lines}\n`);
    const start = (env) => runNexusd(['--config', file, '--print-config'], { ...environment, ...env });
    const { code, stdout, stderr } = await start({ JWT_SECRET: randomBytes(32).toString('base64') });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /warning/i);
    assert.match(stdout, /^DATA_DIR=\/var\/lib\/nexus /m);
    assert.match(stdout, /^AUTH_ENABLED=true /m);
    assert.equal((await start({})).code, 2, 'without the file of secrets it does not start');
  } finally {
    await rm(scratch, { recursive: true });
  }
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/nexusd --config \/etc\/nexus\/nexus\.toml$/m);
  assert.match(unit, /^EnvironmentFile=-?\/etc\/nexus\/secrets\.env$/m);
});
