// The overlays of deploy/k8s, without a cluster: what kustomize makes of them, read with typed models, and held against
// what the documents promise and what nexusd knows.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { NEXUSD, runNexusd } from '../e2e/server.mjs';
import { HERE, KUSTOMIZE, ROOT, parseYamlStream, readRoot, readSettings, readYaml, run } from './tools.mjs';

// Where the models of an API version are.
const MODELS = {
  ...Object.fromEntries(['v1', 'apps/v1', 'autoscaling/v2', 'policy/v1', 'networking.k8s.io/v1'].map((version) =>
    [version, `kubernetes-models/${version}`])),
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
};
const OVERLAYS = ['single', 'replicated'];
const MEBI = 1 << 20;

let scratch;
let settings;
const objects = {}; // of each overlay

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nexus-k8s-'));
  settings = await readSettings(NEXUSD);
  await cp(join(ROOT, 'deploy'), join(scratch, 'deploy'), { recursive: true });
  await rm(join(scratch, 'deploy/k8s/base/secrets.env'), { force: true });
  await run(join(scratch, 'deploy/k8s/make-secrets'), []);
  await symlink(join(HERE, 'node_modules'), join(scratch, 'node_modules'));
  await writeFile(join(scratch, 'package.json'), '{"type":"module"}');
  for (const overlay of OVERLAYS) objects[overlay] = await build(overlay);
});
after(() => rm(scratch, { recursive: true, force: true }));

async function build(overlay) {
  return parseYamlStream(await run(KUSTOMIZE, ['build', join(scratch, 'deploy/k8s/overlays', overlay)]));
}

function find(overlay, kind, name) {
  const found = objects[overlay].filter((object) => object.kind === kind && (!name || object.metadata.name.startsWith(name)));
  assert.equal(found.length, 1, `${found.length} of ${kind} ${name ?? ''} in ${overlay}`);
  return found[0];
}

const containerOf = (overlay) => find(overlay, 'Deployment').spec.template.spec.containers[0];
const label = { 'app.kubernetes.io/name': 'nexus-runtime' };

// "1Gi" in bytes.
function bytes(quantity) {
  const [, number, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity);
  return Number(number) * { Ki: 1024, Mi: MEBI, Gi: 1024 * MEBI }[unit];
}

// Everything unknown or missing in an object, as the compiler says it: a literal of the model's type may have no
// field that the type lacks.
async function compile(all, folder) {
  const lines = all.map((object, index) => {
    return `import type { I${object.kind} as T${index} } from '${MODELS[object.apiVersion]}';\nexport const o${index}: T${index} = ${JSON.stringify(object)};`;
  });
  await writeFile(join(folder, 'objects.ts'), `${lines.join('\n')}\n`);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--pretty', 'false'];
  await run(process.execPath, [join(HERE, 'node_modules/typescript/bin/tsc'), ...options, join(folder, 'objects.ts')]);
}

async function validate(object) {
  const { [object.kind]: Model } = await import(MODELS[object.apiVersion]);
  new Model(object).validate();
}

for (const overlay of OVERLAYS) {
  test(`${overlay}: every object has the fields its model requires, of the right type`, async () => {
    for (const object of objects[overlay]) {
      assert.ok(MODELS[object.apiVersion], `no model for ${object.apiVersion}`);
      await validate(object);
    }
  });

  test(`${overlay}: the namespace holds everything`, () => {
    const { metadata } = find(overlay, 'Namespace');
    assert.equal(metadata.name, 'nexus-runtime');
    assert.equal(metadata.labels['app.kubernetes.io/name'], 'nexus-runtime');
    assert.equal(metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
    for (const object of objects[overlay].filter(({ kind }) => kind !== 'Namespace')) {
      assert.equal(object.metadata.namespace, 'nexus-runtime', object.kind);
      assert.equal(object.metadata.labels?.['app.kubernetes.io/name'], 'nexus-runtime', object.kind);
    }
  });

  test(`${overlay}: the service account has no token`, () => {
    const account = find(overlay, 'ServiceAccount');
    assert.equal(account.metadata.name, 'nexus-runtime');
    assert.equal(account.automountServiceAccountToken, false);
    const { serviceAccountName, automountServiceAccountToken } = find(overlay, 'Deployment').spec.template.spec;
    assert.equal(serviceAccountName, 'nexus-runtime');
    assert.equal(automountServiceAccountToken, false);
  });

  test(`${overlay}: the ConfigMap has the documents' keys, and each is a setting with a value nexusd takes`, async () => {
    const { data } = find(overlay, 'ConfigMap', 'nexus-runtime-config');
    const documented = {
      LOG_LEVEL: 'info', MAX_INSTANCES: '10', MIN_INSTANCES: '2', MEMORY_LIMIT_MB: '32', TIMEOUT_MS: '5000',
      MAX_HOST_CALLS: '1000', HTTP_MAX_CONCURRENT: '10', HTTP_TIMEOUT: '30000',
    };
    const { TRUSTED_PROXIES, STORE, ...others } = data;
    assert.deepEqual(others, documented);
    // What differs from the default says so in config.env.
    for (const [name, value] of Object.entries(documented)) assert.equal(settings.get(name).default, value, name);
    for (const name of Object.keys(data)) assert.ok(settings.has(name), name);
    assert.equal(STORE, overlay === 'replicated' ? 'postgres' : undefined);
    const { code, stderr } = await runNexusd(['--print-config'], { ...others, TRUSTED_PROXIES });
    assert.equal(code, 0, stderr);
  });

  test(`${overlay}: the secret is random, long enough, and only referred to`, async () => {
    const secret = find(overlay, 'Secret', 'nexus-runtime-secrets');
    assert.equal(secret.type, 'Opaque');
    const value = Buffer.from(secret.data.JWT_SECRET, 'base64').toString();
    assert.equal(Buffer.from(value, 'base64').length, 32);
    const { code, stderr } = await runNexusd(['--print-config'], { AUTH_ENABLED: 'true', JWT_SECRET: value });
    assert.equal(code, 0, stderr);
    const { valueFrom } = containerOf(overlay).env.find(({ name }) => name === 'JWT_SECRET');
    assert.deepEqual(valueFrom.secretKeyRef, { name: secret.metadata.name, key: 'JWT_SECRET' });
    assert.equal(containerOf(overlay).envFrom[0].configMapRef.name, find(overlay, 'ConfigMap', 'nexus-runtime-config').metadata.name);
  });

  test(`${overlay}: the environment is that of the image, from the ports to the directories`, () => {
    const given = Object.fromEntries(containerOf(overlay).env.map(({ name, value }) => [name, value]));
    delete given.JWT_SECRET;
    assert.deepEqual(given, {
      HTTP_PORT: '3000', WS_PORT: '3001', HOST: '0.0.0.0', AUTH_ENABLED: 'true', CACHE_DIR: '/tmp/nexus-cache', DATA_DIR: '/data',
    });
    for (const name of Object.keys(given)) assert.ok(settings.has(name), name);
  });

  test(`${overlay}: pods run as user 1000 without root, capabilities or a writable root filesystem`, () => {
    const { securityContext } = find(overlay, 'Deployment').spec.template.spec;
    assert.deepEqual(securityContext, {
      runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    });
    assert.deepEqual(containerOf(overlay).securityContext, {
      allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
    });
  });

  test(`${overlay}: the image has a version, so that IfNotPresent never runs an old one`, () => {
    const { image, imagePullPolicy } = containerOf(overlay);
    assert.match(image, /^nexus-runtime:\d+\.\d+\.\d+$/);
    assert.equal(imagePullPolicy, 'IfNotPresent');
  });

  test(`${overlay}: requests and limits are the documents'`, () => {
    assert.deepEqual(containerOf(overlay).resources, {
      requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '1000m', memory: '1Gi' },
    });
  });

  test(`${overlay}: the cache is in memory, has a bound, and CACHE_DISK fits into it`, () => {
    const { volumes } = find(overlay, 'Deployment').spec.template.spec;
    assert.deepEqual(volumes.find(({ name }) => name === 'cache-volume').emptyDir, { medium: 'Memory', sizeLimit: '128Mi' });
    const mount = containerOf(overlay).volumeMounts.find(({ name }) => name === 'cache-volume');
    assert.equal(mount.mountPath, '/tmp/nexus-cache');
    assert.ok(Number(settings.get('CACHE_DISK').default) < 128 * MEBI);
  });

  test(`${overlay}: the probes ask the right port and path, and each has its own meaning`, () => {
    const container = containerOf(overlay);
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    assert.deepEqual(ports, { http: 3000, websocket: 3001 });
    const { startupProbe, livenessProbe, readinessProbe } = container;
    assert.deepEqual(livenessProbe, {
      httpGet: { path: '/livez', port: 'http' }, initialDelaySeconds: 10, periodSeconds: 30, timeoutSeconds: 5, failureThreshold: 3,
    });
    assert.deepEqual(readinessProbe, {
      httpGet: { path: '/readyz', port: 'http' }, initialDelaySeconds: 5, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3,
    });
    assert.deepEqual(startupProbe.httpGet, { path: '/livez', port: 'http' });
    assert.ok(startupProbe.periodSeconds * startupProbe.failureThreshold >= 120);
  });

  test(`${overlay}: a pod has time to drain before it is killed`, () => {
    const { terminationGracePeriodSeconds } = find(overlay, 'Deployment').spec.template.spec;
    const { command } = containerOf(overlay).lifecycle.preStop.exec;
    assert.equal(command[0], 'sleep');
    const drain = ['DRAIN_DELAY_MS', 'DRAIN_TIMEOUT_MS'].reduce((sum, name) => sum + Number(settings.get(name).default) / 1000, 0);
    assert.ok(Number(command[1]) + drain + 5 <= terminationGracePeriodSeconds);
  });

  test(`${overlay}: replicas keep away from each other`, () => {
    const { affinity, topologySpreadConstraints } = find(overlay, 'Deployment').spec.template.spec;
    const [rule] = affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    assert.equal(rule.weight, 100);
    assert.equal(rule.podAffinityTerm.topologyKey, 'kubernetes.io/hostname');
    assert.deepEqual(rule.podAffinityTerm.labelSelector.matchExpressions,
      [{ key: 'app.kubernetes.io/name', operator: 'In', values: ['nexus-runtime'] }]);
    assert.equal(topologySpreadConstraints[0].topologyKey, 'topology.kubernetes.io/zone');
  });

  test(`${overlay}: Prometheus finds the pods by their annotations`, () => {
    const { annotations } = find(overlay, 'Deployment').spec.template.metadata;
    assert.deepEqual(annotations, { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '3000', 'prometheus.io/path': '/metrics' });
  });

  test(`${overlay}: the Service has ports 80 and 3001 and selects the pods`, () => {
    const { spec } = find(overlay, 'Service');
    assert.equal(spec.type, 'ClusterIP');
    assert.deepEqual(spec.ports, [
      { name: 'http', port: 80, targetPort: 'http' }, { name: 'websocket', port: 3001, targetPort: 'websocket' },
    ]);
    const labels = find(overlay, 'Deployment').spec.template.metadata.labels;
    for (const [name, value] of Object.entries(spec.selector)) assert.equal(labels[name], value);
  });

  test(`${overlay}: the Ingress takes sockets to the WebSocket port, all else to HTTP, and closes /metrics`, () => {
    const all = objects[overlay].filter(({ kind }) => kind === 'Ingress');
    const ingress = all.find(({ metadata }) => metadata.name === 'nexus-runtime');
    assert.equal(ingress.spec.ingressClassName, 'nginx');
    const prefix = 'nginx.ingress.kubernetes.io/';
    assert.equal(ingress.metadata.annotations[`${prefix}proxy-read-timeout`], '3600');
    assert.equal(ingress.metadata.annotations[`${prefix}proxy-send-timeout`], '3600');
    const [{ host, http }] = ingress.spec.rules;
    assert.equal(host, 'nexus-runtime.example.com');
    assert.ok(ingress.spec.tls[0].hosts.includes(host));
    // As the controller with use-regex: the longest path first, from the start, without regard to case.
    const paths = [...http.paths].sort((a, b) => b.path.length - a.path.length);
    const portOf = (path) => paths.find((entry) => new RegExp(`^${entry.path}`, 'i').test(path)).backend.service.port.name;
    assert.equal(portOf('/panels/counter/ws'), 'websocket');
    for (const path of ['/', '/panels', '/panels/counter', '/panels/counter/trigger/ws', '/panels/ws/state', '/auth/ws-ticket', '/p/counter']) {
      assert.equal(portOf(path), 'http', path);
    }
    const closed = all.find(({ metadata }) => metadata.name !== 'nexus-runtime');
    assert.equal(closed.spec.rules[0].host, host);
    assert.deepEqual(closed.spec.rules[0].http.paths.map(({ path, pathType }) => [path, pathType]), [['/metrics', 'Exact']]);
    assert.equal(closed.metadata.annotations[`${prefix}whitelist-source-range`], '127.0.0.1/32');
  });

  test(`${overlay}: the network lets in the ingress and the monitoring, and out to names and the public web`, () => {
    const { spec } = find(overlay, 'NetworkPolicy');
    assert.deepEqual(spec.podSelector.matchLabels, label);
    assert.deepEqual([...spec.policyTypes].sort(), ['Egress', 'Ingress']);
    const from = Object.fromEntries(spec.ingress.map(({ from: [{ namespaceSelector }], ports }) =>
      [namespaceSelector.matchLabels['kubernetes.io/metadata.name'], ports.map(({ port, protocol }) => `${protocol} ${port}`)]));
    assert.deepEqual(from, { 'ingress-nginx': ['TCP 3000', 'TCP 3001'], monitoring: ['TCP 3000'] });
    const [names, web] = spec.egress;
    assert.deepEqual(names.to[0].podSelector.matchLabels, { 'k8s-app': 'kube-dns' });
    assert.deepEqual(names.ports.map(({ port, protocol }) => `${protocol} ${port}`).sort(), ['TCP 53', 'UDP 53']);
    assert.deepEqual(web.ports.map(({ port, protocol }) => `${protocol} ${port}`).sort(), ['TCP 443', 'TCP 80']);
    const except = web.to.flatMap(({ ipBlock }) => ipBlock.except);
    for (const range of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fe80::/10']) {
      assert.ok(except.includes(range), range);
    }
  });
}

test('no object has a field that Kubernetes does not know', async () => {
  await compile(OVERLAYS.flatMap((overlay) => objects[overlay]), scratch);
  const misspelt = structuredClone(find('single', 'Deployment'));
  misspelt.spec.template.spec.containers[0].imgae = 'x';
  await assert.rejects(compile([misspelt], scratch), /imgae/);
  delete misspelt.spec.selector;
  await assert.rejects(validate(misspelt), /selector/);
});

test('single: one replica on a volume, replaced and never doubled', () => {
  const { spec } = find('single', 'Deployment');
  assert.equal(spec.replicas, 1);
  assert.deepEqual(spec.strategy, { type: 'Recreate' });
  const claim = find('single', 'PersistentVolumeClaim');
  assert.deepEqual(claim.spec.accessModes, ['ReadWriteOnce']);
  const data = spec.template.spec.volumes.find(({ name }) => name === 'data');
  assert.deepEqual(data, { name: 'data', persistentVolumeClaim: { claimName: claim.metadata.name } });
  assert.equal(containerOf('single').volumeMounts.find(({ name }) => name === 'data').mountPath, '/data');
  for (const kind of ['HorizontalPodAutoscaler', 'PodDisruptionBudget']) {
    assert.ok(!objects.single.some((object) => object.kind === kind), kind);
  }
});

test('replicated: two replicas, rolled without a gap, two to ten by load, one always left', () => {
  const { spec } = find('replicated', 'Deployment');
  assert.equal(spec.replicas, 2);
  assert.deepEqual(spec.strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  const scaler = find('replicated', 'HorizontalPodAutoscaler').spec;
  assert.equal(scaler.scaleTargetRef.name, 'nexus-runtime');
  assert.deepEqual([scaler.minReplicas, scaler.maxReplicas], [2, 10]);
  const [cpu, memory] = scaler.metrics.map(({ resource }) => resource);
  assert.deepEqual(cpu, { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } });
  // A target near the request would add pods for ever; one at the limit comes too late.
  const { requests, limits } = containerOf('replicated').resources;
  assert.equal(memory.target.type, 'AverageValue');
  assert.ok(bytes(memory.target.averageValue) >= 2 * bytes(requests.memory));
  assert.ok(bytes(memory.target.averageValue) <= 0.8 * bytes(limits.memory));
  const budget = find('replicated', 'PodDisruptionBudget').spec;
  assert.equal(budget.minAvailable, 1);
  assert.deepEqual(budget.selector, spec.selector);
});

test('replicated: the server refuses to start rather than to lose panels', async () => {
  const { data } = find('replicated', 'ConfigMap', 'nexus-runtime-config');
  const { code, stderr } = await runNexusd([], { STORE: data.STORE, HTTP_PORT: '0', WS_PORT: '0', DATA_DIR: join(scratch, 'data') });
  assert.equal(code, 2);
  assert.match(stderr, /STORE: "postgres" is not in this release/);
});

test('the pod that restores a backup has the rights of the server, on its volume, and takes none of its traffic', async () => {
  const [pod] = parseYamlStream(await readRoot('deploy/k8s/restore.yaml'));
  await validate(pod);
  await compile([pod], scratch);
  const server = find('single', 'Deployment').spec.template;
  assert.equal(pod.metadata.namespace, find('single', 'Namespace').metadata.name);
  for (const field of ['securityContext', 'serviceAccountName', 'automountServiceAccountToken', 'enableServiceLinks']) {
    assert.deepEqual(pod.spec[field], server.spec[field], field);
  }
  const [container] = pod.spec.containers;
  assert.deepEqual(container.securityContext, containerOf('single').securityContext);
  assert.equal(container.image, containerOf('single').image);
  assert.deepEqual(pod.spec.volumes.find(({ name }) => name === 'data'), server.spec.volumes.find(({ name }) => name === 'data'));
  assert.equal(container.volumeMounts.find(({ name }) => name === 'data').mountPath, '/data');
  const { selector } = find('single', 'Service').spec;
  assert.ok(Object.entries(selector).some(([name, value]) => pod.metadata.labels[name] !== value));
});

test('the version is that of the project wherever it is written', async () => {
  const [, version] = /project\(nexus VERSION ([\d.]+)/.exec(await readRoot('CMakeLists.txt'));
  assert.equal(containerOf('single').image, `nexus-runtime:${version}`);
  const { services } = await readYaml('deploy/compose.yaml');
  assert.equal(services.nexus.image, `nexus-runtime:${version}`);
  assert.match(await readRoot('deploy/Dockerfile'), new RegExp(`^ARG VERSION=${version}$`, 'm'));
  for (const [, written] of (await readRoot('docs/OPERATIONS.md')).matchAll(/nexus-runtime:(\d[\d.]*\d)/g)) assert.equal(written, version);
  for (const path of ['web/package.json', 'bindings/node/package.json']) assert.equal(JSON.parse(await readRoot(path)).version, version, path);
});

test('make-secrets keeps a secret that is there', async () => {
  await assert.rejects(run(join(scratch, 'deploy/k8s/make-secrets'), []), /is there already/);
});

test('without a secret kustomize makes nothing, and says which file is missing', async () => {
  const other = join(scratch, randomBytes(4).toString('hex'));
  await cp(join(scratch, 'deploy'), other, { recursive: true });
  await rm(join(other, 'k8s/base/secrets.env'));
  await assert.rejects(run(KUSTOMIZE, ['build', join(other, 'k8s/overlays/single')]), /secrets\.env/);
});

test('the optional component adds scraping, alerts and the dashboard to an overlay', async () => {
  const file = join(scratch, 'deploy/k8s/overlays/watched');
  await cp(join(scratch, 'deploy/k8s/overlays/single'), file, { recursive: true });
  const kustomization = await readYaml('deploy/k8s/overlays/single/kustomization.yaml');
  await writeFile(join(file, 'kustomization.yaml'), JSON.stringify({ ...kustomization, components: ['../../../monitoring'] }));
  const made = await build('watched');
  for (const object of made) await validate(object);
  await compile(made, scratch);
  const monitor = made.find(({ kind }) => kind === 'ServiceMonitor');
  const service = made.find(({ kind }) => kind === 'Service');
  for (const [name, value] of Object.entries(monitor.spec.selector.matchLabels)) assert.equal(service.metadata.labels[name], value);
  assert.ok(service.spec.ports.some(({ name }) => name === monitor.spec.endpoints[0].port));
  assert.equal(monitor.spec.endpoints[0].path, '/metrics');
  const rules = made.find(({ kind }) => kind === 'PrometheusRule');
  assert.deepEqual(rules.spec, await readYaml('deploy/monitoring/rules.yaml'));
  const dashboard = made.find(({ metadata }) => metadata.name === 'nexus-runtime-dashboard');
  assert.equal(dashboard.metadata.labels.grafana_dashboard, '1');
  assert.equal(JSON.parse(dashboard.data['nexus.json']).title, 'Nexus');
});
