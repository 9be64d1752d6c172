// One tool of a counter behind Express, with an extension written in JavaScript. PORT: 8080 unless set.
//   curl -X POST localhost:8080/tools/order -H 'content-type: application/json' -d '{"item":"tea"}'
import express from 'express';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';

const { NexusRuntime } = createRequire(import.meta.url)('../index.js');

// What handlers reach as $ext.stock; it could as well be a database or another service.
const extensions = {
  stock: {
    async take(item) {
      await pause(20);
      if (item !== 'tea') throw Object.assign(new Error(`there is no ${item}`), { code: 'SOLD_OUT' });
      return { item, left: 3 };
    },
  },
};
const extensionRegistry = Object.fromEntries(
  Object.entries(extensions).map(([alias, methods]) => [alias, Object.keys(methods)]));

const tools = {
  order: `
    $state.orders += 1;
    const taken = await $ext.stock.take($args.item);
    $state.last = taken.item;
    return { number: $state.orders, left: taken.left };`,
};

const runtime = new NexusRuntime({ timeoutMs: 500, debug: process.env.NODE_ENV !== 'production' });
const state = { orders: 0, last: null };

function apply(mutations) {
  for (const { operation, key, value } of mutations)
    if (operation === 'set') state[key] = value;
    else delete state[key];
}

async function answer({ extensionName, method, args }) {
  try {
    return { success: true, value: await extensions[extensionName][method](...args) };
  } catch (error) {
    return { success: false, error: error.message, code: error.code };
  }
}

// Runs a tool to its end: what each segment did counts at once, then the calls it waits for are made, all at the same time.
async function run(name, args) {
  const code = tools[name];
  let result = await runtime.execute(code, {
    panelId: 'shop', handlerName: name, state, args, extensionRegistry,
    capabilities: NexusRuntime.inferCapabilities(code),
  });
  const answers = new Map();
  for (;;) {
    apply(result.stateMutations);
    if (result.status !== 'suspended') return result;
    for (const call of result.suspensions)
      if (!answers.has(call.suspensionId))
        answers.set(call.suspensionId, answer(call).then((given) => [call.suspensionId, given]));
    const [id, given] = await Promise.race(answers.values());
    answers.delete(id);
    result = await runtime.resume(id, { ...given, state });
  }
}

const app = express();
app.use(express.json());
app.get('/state', (request, response) => response.json(state));
app.post('/tools/:name', async (request, response) => {
  if (!Object.hasOwn(tools, request.params.name)) return response.status(404).json({ error: 'there is no such tool' });
  const result = await run(request.params.name, request.body ?? {});
  response.json(result.error ? { error: result.error } : { value: result.returnValue });
});

const server = app.listen(process.env.PORT ?? 8080, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => server.close(() => runtime.shutdown()));
