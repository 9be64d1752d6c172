// Alerts, dashboard and scraping of deploy/monitoring, against what a real nexusd exports and with a real Prometheus.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { Server, freePort, makeScratch } from '../e2e/server.mjs';
import { PROMETHEUS, PROMTOOL, ROOT, readRoot, readYaml, run } from './tools.mjs';

const DEADLINE_MS = 60000;
const FOLDER = join(ROOT, 'deploy', 'monitoring');
const OF_PROMETHEUS = ['instance', 'job', 'le', 'alertname']; // labels that it adds, or that histograms have

let scratch;
let server;
let exported; // series name => label name => values
let rules;
let dashboard;

before(async () => {
  scratch = await makeScratch();
  server = await Server.start({ panels: join(ROOT, 'examples') });
  exported = readExposition((await server.get('/metrics')).text);
  rules = (await readYaml('deploy/monitoring/rules.yaml')).groups.flatMap((group) => group.rules);
  dashboard = JSON.parse(await readRoot('deploy/monitoring/dashboard.json'));
});
after(async () => {
  await server?.stop();
  await rm(scratch, { recursive: true, force: true });
});

function readExposition(text) {
  const series = new Map();
  for (const line of text.split('\n').filter((one) => one && !one.startsWith('#'))) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line);
    if (!series.has(name)) series.set(name, new Map());
    for (const [, label, value] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      if (!series.get(name).has(label)) series.get(name).set(label, new Set());
      series.get(name).get(label).add(value);
    }
  }
  return series;
}

const dashboardQueries = () => dashboard.panels.flatMap((panel) => panel.targets.map(({ expr }) => expr));

// What an expression asks for that nexusd does not export.
function unknownIn(expression) {
  const problems = [];
  const known = new Set(OF_PROMETHEUS);
  for (const [, name, matchers = ''] of expression.matchAll(/\b(nexus_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = exported.get(name);
    if (!labels) {
      problems.push(`no series ${name}`);
      continue;
    }
    for (const label of labels.keys()) known.add(label);
    for (const [, label, operator, text] of matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
      if (OF_PROMETHEUS.includes(label)) continue;
      const wanted = operator.endsWith('~') ? text.split('|') : [text];
      for (const value of wanted) if (!labels.get(label)?.has(value)) problems.push(`no ${name}{${label}="${value}"}`);
    }
  }
  for (const [, list] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(/,\s*/)) if (!known.has(label)) problems.push(`no label ${label}`);
  }
  return problems;
}

// Its exit code says no more than that there was something.
async function lint(text) {
  const promtool = spawn(PROMTOOL, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [promtool.stdout, promtool.stderr]) stream.on('data', (chunk) => { said += chunk; });
  promtool.stdin.end(text);
  await once(promtool, 'close');
  return said.split('\n').filter((line) => line !== '');
}

test('promtool check metrics passes but for the name that the source documents chose', async () => {
  const said = await lint((await server.get('/metrics')).text);
  assert.deepEqual(said.filter((line) => !line.startsWith('nexus_handler_execution_time_us ')), []);
  assert.ok((await lint('# TYPE nexus_bad counter\nnexus_bad 1\n')).length > 0, 'it does find what is wrong');
});

test('the alerts ask for series, labels and values that nexusd exports', () => {
  for (const { alert, expr } of rules) {
    const found = unknownIn(expr);
    assert.deepEqual(found, [], alert);
    assert.match(expr, /nexus/);
  }
});

test('the dashboard asks for series, labels and values that nexusd exports', () => {
  for (const query of dashboardQueries()) assert.deepEqual(unknownIn(query), [], query);
  const [, metric] = /label_values\((\w+), instance\)/.exec(dashboard.templating.list[1].query.query);
  assert.ok(exported.has(metric));
});

test('an unknown series, label or value is found', () => {
  assert.deepEqual(unknownIn('rate(nexus_no_such_total[5m])'), ['no series nexus_no_such_total']);
  assert.deepEqual(unknownIn('nexus_pool_instances{state="asleep"}'), ['no nexus_pool_instances{state="asleep"}']);
  assert.deepEqual(unknownIn('sum by (colour) (nexus_pool_instances)'), ['no label colour']);
});

test('promtool accepts the rules, and they fire on made-up series as they should', async () => {
  await run(PROMTOOL, ['check', 'rules', join(FOLDER, 'rules.yaml')]);
  await run(PROMTOOL, ['test', 'rules', 'rules_test.yaml'], { cwd: FOLDER });
  await run(PROMTOOL, ['check', 'config', 'prometheus.yml'], { cwd: FOLDER });
});

test('every alert says what is wrong and what to do, and docs/OPERATIONS.md has a row for it', async () => {
  const operations = await readRoot('docs/OPERATIONS.md');
  for (const { alert, annotations, labels } of rules) {
    assert.ok(annotations.summary && annotations.description, alert);
    assert.match(labels.severity, /^(critical|warning|info)$/, alert);
    assert.ok(operations.includes(`\`${alert}\``), alert);
  }
});

test('promtool accepts the queries of the dashboard', async () => {
  const file = join(scratch, 'dashboard-rules.json');
  const queries = dashboardQueries().map((query) => query.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*'));
  const recorded = queries.map((expr, index) => ({ record: `dashboard:query:${index}`, expr }));
  await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }));
  await run(PROMTOOL, ['check', 'rules', file]);
});

// Starts Prometheus with the configuration of compose.yaml, its target replaced by the server of this test.
async function startPrometheus() {
  const configuration = await readYaml('deploy/monitoring/prometheus.yml');
  configuration.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  configuration.rule_files = [join(FOLDER, 'rules.yaml')];
  configuration.scrape_configs[0].static_configs[0].targets = [`127.0.0.1:${server.httpPort}`];
  const file = join(scratch, 'prometheus.json');
  await writeFile(file, JSON.stringify(configuration));
  const port = await freePort();
  const child = spawn(PROMETHEUS, [`--config.file=${file}`, `--storage.tsdb.path=${join(scratch, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ask = async (path) => (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()).data;
  return { child, ask };
}

async function until(condition) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await condition().catch(() => undefined);
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `not so within ${DEADLINE_MS} ms: ${condition}`);
    await delay(100);
  }
}

test('Prometheus scrapes nexusd, evaluates every rule, and sees runs', async () => {
  const { child, ask } = await startPrometheus();
  try {
    await server.trigger('counter', 'increment');
    const query = `query?query=${encodeURIComponent('nexus_handler_executions_total{status="success"} >= 1')}`;
    const { result } = await until(async () => {
      const data = await ask(query);
      return data.result.length > 0 && data;
    });
    assert.equal(result[0].metric.job, 'nexus');
    const { groups } = await until(async () => {
      const data = await ask('rules');
      return data.groups[0].rules.every(({ health }) => health !== 'unknown') && data;
    });
    for (const rule of groups[0].rules) {
      assert.equal(rule.health, 'ok', `${rule.name}: ${rule.lastError}`);
      assert.equal(rule.state, 'inactive', `${rule.name} fires on a healthy server`);
    }
    const up = await ask('query?query=up');
    assert.deepEqual(up.result.map(({ value }) => value[1]), ['1']);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});
