// Starts the real nexusd for one test file and speaks HTTP to it.
//
// NEXUS_NEXUSD, or NEXUSD, names the program; ctest sets it, build/release/nexusd is the default.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { checkAnswer } from './contract.mjs';
import { WebSocketClient } from './websocket.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const NEXUSD = process.env.NEXUS_NEXUSD ?? process.env.NEXUSD ?? join(ROOT, 'build', 'release', 'nexusd');
const START_DEADLINE_MS = 30000;
const STOP_DEADLINE_MS = 10000;
const READY = /nexusd listening on http:\/\/127\.0\.0\.1:(\d+)\/ \(WebSocket port (\d+)/;

// A port of 127.0.0.1 that was free a moment ago.
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// Others may read it: a server that runs as another user finds panels and keys there.
export async function makeScratch() {
  const path = await mkdtemp(join(tmpdir(), 'nexus-e2e-'));
  await chmod(path, 0o755);
  return path;
}

// The environment of a started program: ours without settings of nexusd that the user's shell may carry.
function cleanEnvironment(extra) {
  const { PATH, HOME, TMPDIR, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS } = process.env;
  const kept = { PATH, HOME, TMPDIR, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS };
  return { ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)), ...extra };
}

// Runs nexusd until it ends by itself; for starts that must fail.
export async function runNexusd(args, env = {}, timeoutMs = START_DEADLINE_MS) {
  const child = spawn(NEXUSD, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => { stdout += chunk; });
  child.stderr.on('data', (chunk) => { stderr += chunk; });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, stdout, stderr };
}

export class Server {
  #child;
  #scratch;
  #start;
  #stopping = false;
  log = '';

  // Starts nexusd on free ports with its own data directory and waits until it is ready.
  // `shell`: commands that sh runs before it becomes nexusd, for example "ulimit -f 1000".
  static async start({ panels, env = {}, args = [], shell } = {}) {
    const server = new Server();
    server.#scratch = await makeScratch();
    const settings = { HTTP_PORT: 0, WS_PORT: 0, DATA_DIR: join(server.#scratch, 'data'), CACHE_DIR: join(server.#scratch, 'cache'), ...env };
    const allArgs = [...(panels ? ['--panels', panels] : []), ...args];
    const [program, programArgs] = shell ? ['sh', ['-c', `${shell}; exec "$0" "$@"`, NEXUSD, ...allArgs]] : [NEXUSD, allArgs];
    server.#start = (more) => server.#spawn(program, programArgs, cleanEnvironment({ ...settings, ...more }));
    server.dataDir = settings.DATA_DIR;
    server.#start();
    await server.#waitUntilReady();
    return server;
  }

  // Ends the process as a crash would, without a chance to write anything more.
  async kill() {
    this.#stopping = true;
    if (!this.running) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  // Starts it again on the same data, after kill() or stop({ keep: true }), this time with `env` as well.
  async restart({ env = {} } = {}) {
    this.log = '';
    this.#stopping = false;
    this.#start(env);
    await this.#waitUntilReady();
  }

  #spawn(program, args, env) {
    this.#child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => { this.log = (this.log + chunk).slice(-100000); };
    this.#child.stdout.on('data', keep);
    this.#child.stderr.on('data', keep);
    this.#child.on('exit', (code, signal) => {
      if (!this.#stopping) console.error(`nexusd ended by itself with ${signal ?? code}:\n${this.log.slice(-4000)}`);
    });
  }

  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  // Sends a signal and returns at once. Of one that ends nexusd, ended() tells the exit code.
  signal(name) {
    if (name !== 'SIGHUP') this.#stopping = true;
    this.#child.kill(name);
  }

  async ended() {
    if (this.running) await once(this.#child, 'exit');
    return this.#child.signalCode ?? this.#child.exitCode;
  }

  // Waits until the log has a line that matches.
  async logged(pattern) {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!pattern.test(this.log)) {
      if (Date.now() > deadline) throw new Error(`not logged: ${pattern}\n${this.log.slice(-4000)}`);
      await delay(10);
    }
  }

  // The ready line names the ports, which the system chose.
  async #waitUntilReady() {
    const deadline = Date.now() + START_DEADLINE_MS;
    let ready;
    while (!(ready = READY.exec(this.log)) && this.running && Date.now() < deadline) await delay(10);
    if (!ready) {
      const why = this.running ? `was not ready within ${START_DEADLINE_MS} ms` : `ended with ${this.#child.exitCode}`;
      this.#child.kill('SIGKILL');
      throw new Error(`nexusd ${why}:\n${this.log}`);
    }
    [this.httpPort, this.wsPort] = [Number(ready[1]), Number(ready[2])];
    this.base = `http://127.0.0.1:${this.httpPort}`;
  }

  // Asks nexusd to end and resolves to its exit code.
  async stop({ keep = false } = {}) {
    this.#stopping = true;
    let code = this.#child.exitCode;
    if (this.running) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE_MS);
      [code] = await once(this.#child, 'exit');
      clearTimeout(timer);
    }
    if (!keep) await rm(this.#scratch, { recursive: true, force: true });
    return code;
  }

  // One request, whose answer must be one that protocol/openapi.json describes. Resolves to {status, headers, text, json};
  // json is undefined when the body is none.
  async request(method, path, { body, type, headers = {} } = {}) {
    const answer = await fetch(this.base + path, {
      method, body, headers: { ...(type ? { 'content-type': type } : {}), ...headers }, redirect: 'manual',
    });
    const text = await answer.text();
    const isJson = (answer.headers.get('content-type') ?? '').includes('application/json');
    const received = { status: answer.status, headers: answer.headers, text, json: isJson && text ? JSON.parse(text) : undefined };
    checkAnswer(method, path, received);
    return received;
  }

  get(path) {
    return this.request('GET', path);
  }

  postJson(path, value) {
    return this.request('POST', path, { body: JSON.stringify(value), type: 'application/json' });
  }

  createPanel(source, more = {}) {
    return this.postJson('/panels', { source, ...more });
  }

  trigger(panel, tool, args) {
    return this.postJson(`/panels/${panel}/trigger/${tool}`, args ?? {});
  }

  async state(panel) {
    return (await this.get(`/panels/${panel}/state`)).json;
  }

  // A WebSocket that has received CONNECTED, which is left in `connected`.
  async connect(panel, { port = this.wsPort, query = '' } = {}) {
    const client = await WebSocketClient.open(port, `/panels/${panel}/ws${query}`);
    client.connected = await client.next();
    return client;
  }
}

// The weather example's server on a free port.
export async function startWeatherServer() {
  const child = spawn(process.execPath, [join(ROOT, 'examples', 'weather-server.mjs'), '--until-stdin-ends'], {
    env: cleanEnvironment({ WEATHER_PORT: '0' }), stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(String(line))[1]);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

// A panel around one tool's handler, with a state key `n` and a tool `ok` that proves the panel still works.
export function panelWith(handler, { state = '', logic = '' } = {}) {
  return `<NexusPanel title="Test">
  <Data><State name="n" type="number" default="0"/>${state}</Data>
  <Logic>${logic}
    <Tool name="run"><Handler><![CDATA[${handler}]]></Handler></Tool>
    <Tool name="ok"><Handler>$state.n = $state.n + 1; return $state.n;</Handler></Tool>
  </Logic>
  <View><Text content="{$state.n}"/></View>
</NexusPanel>`;
}
