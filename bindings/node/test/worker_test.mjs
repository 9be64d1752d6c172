import assert from 'node:assert/strict';
import { test } from 'node:test';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const index = fileURLToPath(new URL('../index.js', import.meta.url));

function worker(body) {
  return new Worker(`const { parentPort } = require('node:worker_threads');
    const { NexusRuntime } = require(${JSON.stringify(index)});
    const runtime = new NexusRuntime({ maxInstances: 2 });
    (async () => { ${body} })();`, { eval: true });
}

test('each worker thread may have runtimes of its own', async () => {
  const workers = [1, 2, 3].map((n) => worker(`
    for (let i = 0; i < 50; i++) await runtime.execute('return 1', {});
    parentPort.postMessage((await runtime.execute('return $args.n', { args: { n: ${n} } })).returnValue);
    await runtime.shutdown();`));
  const answers = await Promise.all(workers.map((each) => once(each, 'message')));
  assert.deepEqual(answers.flat(), [1, 2, 3]);
  await Promise.all(workers.map((each) => each.terminate()));
});

test('a worker ends while its runs are under way', async () => {
  const busy = worker(`
    runtime.execute('while (true);', {}, 3_600_000).catch(() => {});
    runtime.execute('await $ext.db.get()', { capabilities: ['ext:db'], extensionRegistry: { db: ['get'] } });
    parentPort.postMessage('busy');`);
  await once(busy, 'message');
  await busy.terminate();
});

test('a worker that is done ends by itself, with a runtime that nobody shut down', async () => {
  const done = worker(`await runtime.execute('return 1', {});`);
  const [code] = await once(done, 'exit');
  assert.equal(code, 0);
});
