import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequire } from 'node:module';

const { NexusRuntime } = createRequire(import.meta.url)('../index.js');
const runs = 100_000;

async function many(runtime, count) {
  const context = { state: { items: [1, 2, 3] }, capabilities: ['state:read:items', 'state:write:items', 'ext:db'], extensionRegistry: { db: ['get'] } };
  const one = async (n) => {
    const { suspension, executionId } = await runtime.execute('$state.items.push(1); return await $ext.db.get()', context);
    if (n % 10 !== 0) await runtime.resume(suspension.suspensionId, { success: true, value: 'x'.repeat(100) });
    else assert.equal(await runtime.cancel(executionId), true);
  };
  for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => one(i + n)));
}

test(`${runs} runs leave the memory of the process as it was`, async () => {
  const runtime = new NexusRuntime({ maxInstances: 4, maxSuspended: 20 });
  await many(runtime, runs); // until the allocators have what they keep
  const before = process.memoryUsage().rss;
  await many(runtime, runs);
  const grown = process.memoryUsage().rss - before;
  // A leak of one result or run would be more than a kilobyte each.
  assert.ok(grown < runs * 320, `${grown} bytes more after ${runs} runs`);
  await runtime.shutdown();
});
