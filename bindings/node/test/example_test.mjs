import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

test('the example serves its tool, answers the extension it waits for, and ends when asked', async () => {
  const server = spawn(process.execPath, [fileURLToPath(new URL('../example/server.mjs', import.meta.url))],
    { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface({ input: server.stdout }), 'line');
    const address = line.match(/http:\S+/)[0];
    const order = async (item) => (await fetch(`${address}/tools/order`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ item }) })).json();
    assert.deepEqual(await order('tea'), { value: { number: 1, left: 3 } });
    assert.match((await order('coffee')).error.message, /there is no coffee/);
    assert.deepEqual(await (await fetch(`${address}/state`)).json(), { orders: 2, last: 'tea' });
    assert.equal((await fetch(`${address}/tools/nothing`, { method: 'POST' })).status, 404);
  } finally {
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    assert.equal(code, 0);
  }
});
