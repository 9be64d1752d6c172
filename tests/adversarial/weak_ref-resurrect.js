// Attack: keeps alive in a finaliser what it was told is dead
// expect: ok true|TIMEOUT|MEMORY_LIMIT
// within: 8000
// timeout: 5000
// Why it matters: what is freed and still reachable is the oldest bug of all.
const kept = [];
const registry = new FinalizationRegistry((held) => kept.push(held));
for (let i = 0; i < 2000; i++) {
  const cycle = { i };
  cycle.self = cycle;
  registry.register(cycle, { cycle: new WeakRef(cycle), data: new Array(10).fill(i) });
}
for (let i = 0; i < 50; i++) {
  new Array(10000).fill({}).map(() => ({}));
  await 0;
}
return kept.every((held) => held.data.length === 10 && (held.cycle.deref() ?? null) === null);
