import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { decode, encode } from '@msgpack/msgpack';

const require = createRequire(import.meta.url);
const { NexusRuntime, guestBuildHash } = require('../index.js');
const hour = 3_600_000;

const runtime = new NexusRuntime({ maxInstances: 4 });
after(() => runtime.shutdown());

const counter = {
  panelId: 'p', handlerName: 'count', state: { count: 5, items: ['a'] }, args: { by: 2 },
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*'],
};

test('a run sees its state and arguments, and gives its effects as plain objects', async () => {
  const result = await runtime.execute(
    `$state.count += $args.by; $state.items.push($state.count); delete $state.gone;
     $emit('done', {n: $state.count}); $view.focus('input'); $log.warn('hello'); return {n: $state.count}`, counter);
  assert.equal(result.status, 'success');
  assert.deepEqual(result.returnValue, { n: 7 });
  assert.deepEqual(result.stateMutations, [
    { operation: 'set', key: 'count', value: 7 }, { operation: 'set', key: 'items', value: ['a', 7] }]);
  assert.equal(result.events[0].name, 'done');
  assert.deepEqual(result.events[0].payload, { n: 7 });
  assert.equal(result.viewCommands[0].type, 'focus');
  assert.equal(result.logs[0].message, 'hello');
  assert.ok(result.metrics.hostCalls > 0);
  assert.ok(result.metrics.executionTimeUs > 0);
});

test('a delete is a mutation', async () => {
  const result = await runtime.execute('delete $state.count', counter);
  assert.deepEqual(result.stateMutations, [{ operation: 'delete', key: 'count' }]);
});

test('each run starts from pristine memory', async () => {
  const code = `const seen = NexusAPI.leak; try { NexusAPI.leak = Array.prototype.leak = 1 } catch {} return seen === undefined`;
  for (let i = 0; i < 20; i++) assert.equal((await runtime.execute(code, {})).returnValue, true);
});

test('nothing is allowed that was not granted', async () => {
  const result = await runtime.execute('$state.count = 1', { state: { count: 0 } });
  assert.equal(result.error.code, 'PERMISSION_DENIED');
  assert.match(result.error.message, /state:write:count/);
  assert.deepEqual(result.stateMutations, []);
});

test('errors carry their position only when debugging', async () => {
  assert.deepEqual(Object.keys((await runtime.execute('\n  throw new Error("x")', {})).error), ['code', 'message']);
  const debugging = new NexusRuntime({ maxInstances: 1, debug: true });
  const { error } = await debugging.execute('\n  throw new Error("x")', {});
  assert.equal(error.location.line, 2);
  assert.match(error.location.sourceSnippet, /throw new Error/);
  const syntax = (await debugging.execute('let = ;', {})).error;
  assert.equal(syntax.code, 'COMPILATION_ERROR');
  assert.equal(syntax.location.line, 1);
  await debugging.shutdown();
});

test('limits end a run, and the next one is right', async () => {
  assert.equal((await runtime.execute('while (true);', {}, 30)).error.code, 'TIMEOUT');
  assert.equal((await runtime.execute('const a = []; for (;;) a.push(new Uint8Array(1 << 20))', {})).error.code, 'MEMORY_LIMIT');
  assert.equal((await runtime.execute('for (;;) $time.now()', {})).error.code, 'RESOURCE_LIMIT');
  assert.equal((await runtime.execute('(function f() { f() })()', {})).error.code, 'EXECUTION_ERROR');
  assert.equal((await runtime.execute('return 6 * 7', {})).returnValue, 42);
});

test('a run waits for extensions, several at once, and goes on with their answers in any order', async () => {
  const code = `try { await $ext.db.get('bad') } catch (e) { $emit('failed', [e.message, e.code, e.extension, e.method]) }
    $state.busy = true;
    const [a, b] = await Promise.all([$ext.db.get('a'), $ext.db.get('b')]);
    return [a, b, $state.busy]`;
  let result = await runtime.execute(code, {
    capabilities: ['ext:database', 'events:emit:failed', 'state:read:busy', 'state:write:busy'],
    extensionRegistry: { db: { methods: ['get'], scope: 'database' } },
  });
  assert.equal(result.status, 'suspended');
  const { suspensionId, ...call } = result.suspension;
  assert.deepEqual(call, { extensionName: 'db', method: 'get', args: ['bad'] });
  result = await runtime.resume(suspensionId, { success: false, error: 'no such key', code: 'GONE' });
  assert.deepEqual(result.events[0].payload, ['no such key', 'GONE', 'db', 'get']);
  assert.deepEqual(result.stateMutations, [{ operation: 'set', key: 'busy', value: true }]);
  const [first, second] = result.suspensions;
  assert.deepEqual([first.args, second.args], [['a'], ['b']]);
  result = await runtime.resume(second.suspensionId, { success: true, value: 'B' });
  assert.equal(result.status, 'suspended');
  result = await runtime.resume(first.suspensionId, { success: true, value: 'A' });
  assert.deepEqual(result.returnValue, ['A', 'B', true]);
  const again = await runtime.resume(first.suspensionId, { success: true });
  assert.equal(again.error.code, 'INVALID_SUSPENSION');
});

test('two answers of one run may come at once', async () => {
  for (let round = 0; round < 20; round++) {
    const { suspensions } = await runtime.execute(
      'return (await Promise.all([1, 2, 3].map((n) => $ext.db.get(n)))).join()',
      { capabilities: ['ext:db'], extensionRegistry: { db: ['get'] } });
    const ends = await Promise.all(suspensions.map(({ suspensionId, args: [n] }) =>
      runtime.resume(suspensionId, { success: true, value: n * 10 })));
    assert.deepEqual(ends.map((end) => end.status).sort(), ['success', 'suspended', 'suspended']);
    assert.equal(ends.find((end) => end.status === 'success').returnValue, '10,20,30');
  }
});

test('a run that waits can be forgotten', async () => {
  const { executionId, suspension } = await runtime.execute('await $ext.db.get()', {
    capabilities: ['ext:db'], extensionRegistry: { db: ['get'] } });
  assert.equal(await runtime.cancel(executionId), true);
  assert.equal(await runtime.cancel(executionId), false);
  assert.equal((await runtime.resume(suspension.suspensionId, { success: true })).error.code, 'INVALID_SUSPENSION');
});

test('an answer may bring the state that others have changed meanwhile', async () => {
  const { suspension } = await runtime.execute('await $ext.db.get(); return $state.n', {
    state: { n: 1 }, capabilities: ['ext:db', 'state:read:n'], extensionRegistry: { db: ['get'] } });
  const result = await runtime.resume(suspension.suspensionId, { success: true, state: { n: 2 } });
  assert.equal(result.returnValue, 2);
});

test('precompiled code runs, and anything else is refused', async () => {
  const blob = await runtime.precompile('return $args.n + 1');
  const result = await runtime.executeCompiled(blob, { args: { n: 1 } });
  assert.equal(result.returnValue, 2);
  assert.equal(result.metrics.cacheHit, true);
  blob[blob.length - 1] ^= 1;
  assert.equal((await runtime.executeCompiled(blob, {})).error.code, 'INVALID_HANDLER');
  await assert.rejects(runtime.precompile('let = ;'), { code: 'COMPILATION_ERROR' });
});

test('compiled handlers survive in the cache directory', async () => {
  const cacheDir = mkdtempSync(path.join(tmpdir(), 'nexus-addon-'));
  try {
    for (const hit of [false, true]) {
      const fresh = new NexusRuntime({ maxInstances: 1, cacheDir });
      assert.equal((await fresh.execute('return 1', {})).metrics.cacheHit, hit);
      await fresh.shutdown();
    }
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
});

test('the methods of reference 8 take and give MessagePack, under both spellings', async () => {
  const pack = (value) => Buffer.from(encode(value));
  const special = { text: 'ä😀', list: [1, -1.5, null, true, { deep: [{}] }], '__proto__x': 1, big: 2 ** 53 };
  const context = {
    panelId: 'p', handlerName: 'h', state: pack({ s: special }), args: pack(special), scope: pack({ i: 1 }),
    capabilities: ['state:read:s', 'state:write:out', 'events:emit:e', 'ext:db'], extensionRegistry: { db: ['get'] },
  };
  const code = `$state.out = [$state.s, $scope.i]; $emit('e', $args); const x = await $ext.db.get($args); return [x, $args]`;
  for (const [execute, resume] of [['executeHandler', 'resumeHandler'], ['execute_handler', 'resume_handler']]) {
    const first = await runtime[execute](code, context);
    assert.deepEqual(decode(first.stateMutations), [{ operation: 'set', key: 'out', value: [special, 1] }]);
    assert.deepEqual(decode(first.events)[0].payload, special);
    assert.deepEqual(decode(first.suspension.args), [special]);
    const last = await runtime[resume](first.suspension.suspensionId, { success: true, value: pack(special) });
    assert.deepEqual(decode(last.returnValue), [special, special]);
    assert.deepEqual(decode(last.viewCommands), []);
  }
  const blob = await runtime.precompile_handler('return $args');
  const empty = await runtime.execute_compiled_handler(blob, { state: Buffer.alloc(0), args: Buffer.alloc(0), capabilities: [] });
  assert.deepEqual(decode(empty.returnValue), {});
  await assert.rejects(runtime.executeHandler('return 1', { args: Buffer.from([0xc1]) }), { code: 'SERIALIZATION_ERROR' });
  await assert.rejects(runtime.executeHandler('return 1', { args: { plain: true } }), /context.args is not a Buffer/);
});

test('every method of reference 8 is there, under both names where they differ', () => {
  const names = ['executeHandler', 'precompileHandler', 'executeCompiledHandler', 'resumeHandler', 'getStats', 'getPrometheusMetrics'];
  const underscored = ['execute_handler', 'precompile_handler', 'execute_compiled_handler', 'resume_handler', 'get_stats', 'get_prometheus_metrics'];
  const ofTheExecutor = ['init', 'execute', 'executeCompiled', 'precompile', 'resume', 'getMetrics', 'shutdown'];
  for (const [i, name] of names.entries()) assert.equal(runtime[name], runtime[underscored[i]], name);
  for (const name of [...names, ...ofTheExecutor]) assert.equal(typeof runtime[name], 'function', name);
  assert.equal(NexusRuntime.infer_capabilities, NexusRuntime.inferCapabilities);
});

test('capabilities are inferred from the text', () => {
  assert.deepEqual(NexusRuntime.inferCapabilities('$state.a = $state.b; $ext.http.get("x")').sort(),
    ['ext:http', 'state:read:b', 'state:write:a']);
  assert.match(guestBuildHash, /^[0-9a-f]{64}$/);
});

test('statistics and metrics tell what was done', async () => {
  await runtime.execute('return 1', {});
  const stats = await runtime.get_stats();
  assert.ok(stats.totalExecutions > 0 && stats.availableInstances > 0 && stats.totalMemoryBytes > 0);
  assert.match(await runtime.getPrometheusMetrics(), /^nexus_handler_executions_total\{status="success"\} [1-9]/m);
  assert.equal(typeof (await runtime.getMetrics()), 'string');
});

test('what is wrong with a call is said by name', async () => {
  const cases = [
    [['return 1', { state: { a: 1n } }], /context\.state\.a: a BigInt/],
    [['return 1', { args: { list: [1, NaN] } }], /context\.args\.list\[1\]: NaN/],
    [['return 1', { args: { f() {} } }], /context\.args\.f: a function/],
    [['return 1', { args: new Map() }], /context\.args: a Map/],
    [['return 1', { capabilities: ['state:write'] }], /state:write/],
    [['return 1', { capabilities: 'all' }], /context\.capabilities is not a list/],
    [['return 1', { extensionRegistry: { db: 'get' } }], /extensionRegistry\.db is string/],
    [['return 1', { stat: {} }], /context\.stat: there is no such field/],
    [['return 1', { state: [] }], /state is a list, not an object/],
    [['return 1', undefined], /context is undefined/],
    [[42, {}], /code is number, not a string/],
    [['return 1', {}, -1], /timeoutMs: -1 is not a whole number from 1/],
  ];
  for (const [args, message] of cases) await assert.rejects(runtime.execute(...args), message);
  const cycle = {};
  cycle.self = cycle;
  await assert.rejects(runtime.execute('return 1', { args: cycle }), /context\.args\.self: a cycle/);
  await assert.rejects(runtime.resume('x', { success: 'yes' }), /result\.success/);
  assert.deepEqual((await runtime.execute('return $args', { args: { d: new Date(0), u: undefined, l: [undefined] } })).returnValue,
    { d: '1970-01-01T00:00:00.000Z', l: [null] });
});

test('what is wrong with a configuration is said by name', () => {
  const cases = [
    [{ maxInstances: 0 }, RangeError, /maxInstances: 0 is not a whole number from 1 to 1024/],
    [{ maxInstances: '4' }, TypeError, /maxInstances: "4" is not a number/],
    [{ memoryLimitBytes: 1000 }, RangeError, /memoryLimitBytes/],
    [{ timeoutMs: NaN }, RangeError, /timeoutMs/],
    [{ minInstances: 5, maxInstances: 2 }, Error, /5 of at most 2/],
    [{ maxInstance: 4 }, TypeError, /maxInstance: a NexusRuntime has no such setting/],
    [{ cacheKey: 'short' }, Error, /at least 32/],
    [4, TypeError, /is an object/],
  ];
  for (const [config, type, message] of cases)
    assert.throws(() => new NexusRuntime(config), (error) => error instanceof type && message.test(error.message), JSON.stringify(config));
});

test('an endless run leaves the event loop free, and shutdown rejects it', async () => {
  const own = new NexusRuntime({ maxInstances: 1 });
  const rejected = assert.rejects(own.execute('while (true);', {}, hour), { code: 'CANCELLED', message: 'Runtime has been shut down' });
  const waiting = assert.rejects(own.execute('return 1', {}), /shut down/);
  for (let tick = 0; tick < 5; tick++) await pause(1);
  await own.shutdown();
  await Promise.all([rejected, waiting]);
  await assert.rejects(own.execute('return 1', {}), /Runtime has been shut down/);
  await own.shutdown();
});

test('faults of WebAssembly in the same process still reach its own handler', async () => {
  // (module (memory 1) (func (export "f") (result i32) i32.const -16 i32.load))
  const bytes = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1,
    102, 0, 0, 10, 9, 1, 7, 0, 65, 112, 40, 2, 0, 11]);
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  for (let i = 0; i < 3; i++) {
    assert.throws(() => f(), WebAssembly.RuntimeError);
    assert.equal((await runtime.execute('return new Array(1000).fill(1).length', {})).returnValue, 1000);
  }
});
