// How many isolated runs a second, each from fresh state: the same handler, which reads and changes the state it is
// given and returns a value: in this runtime, in quickjs-emscripten with a new QuickJS runtime and context a run, and in
// isolated-vm, where that was built (npm install --no-save isolated-vm), with a new V8 isolate and context a run.
//   node bench/isolated_runs.mjs [SECONDS]
// Read the figures as ratios. "at once" keeps 16 runs under way, which only this runtime can make use of.
import { createRequire } from 'node:module';
import { getQuickJS } from 'quickjs-emscripten';

const ivm = await import('isolated-vm').then((module) => module.default, () => null);
const { NexusRuntime } = createRequire(import.meta.url)('../index.js');
const seconds = Number(process.argv[2] ?? 3);
const state = { count: 5, items: ['a', 'b'] };
const body = '$state.count++; $state.items.push("c"); return $state.count + $state.items.length;';

async function rate(one, atOnce = 1) {
  for (let i = 0; i < 20; i++) await one();
  const start = performance.now();
  let runs = 0;
  const line = async () => {
    while (performance.now() - start < seconds * 1000) {
      await one();
      runs++;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, line));
  return (runs * 1000) / (performance.now() - start);
}

function check(value) {
  if (value !== 9) throw new Error(`the handler gave ${value}`);
}

const runtime = new NexusRuntime({ maxInstances: 4 });
const context = { state, capabilities: NexusRuntime.inferCapabilities(body) };
const nexus = async () => check((await runtime.execute(body, context)).returnValue);

const QuickJS = await getQuickJS();
const program = `var $state = JSON.parse(${JSON.stringify(JSON.stringify(state))});
  var value = (() => { ${body} })(); JSON.stringify({ value, state: $state })`;
const emscripten = async () => {
  const engine = QuickJS.newRuntime();
  engine.setMemoryLimit(32 << 20);
  const vm = engine.newContext();
  const result = vm.unwrapResult(vm.evalCode(program));
  check(JSON.parse(vm.getString(result)).value);
  result.dispose();
  vm.dispose();
  engine.dispose();
};

const v8 = async () => {
  const engine = new ivm.Isolate({ memoryLimit: 32 });
  const context = await engine.createContext();
  check(JSON.parse(await context.eval(program, { timeout: 5000 })).value);
  engine.dispose();
};

const rows = [['quickjs-emscripten', await rate(emscripten)], ...(ivm ? [['isolated-vm', await rate(v8)]] : []),
  ['nexus, one after the other', await rate(nexus)],
  ['nexus, 16 at once', await rate(nexus, 16)]];
for (const [name, perSecond] of rows)
  console.log(`${name.padEnd(28)} ${perSecond.toFixed(0).padStart(8)} runs/s ${(perSecond / rows[0][1]).toFixed(1).padStart(6)} times`);
await runtime.shutdown();
