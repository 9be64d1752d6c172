// Attack: doubles its jobs with every job
// expect: TIMEOUT|MEMORY_LIMIT
// within: 3000
// Why it matters: two jobs for one: memory goes before time does.
const boom = () => {
  Promise.resolve().then(boom);
  Promise.resolve().then(boom);
};
boom();
await new Promise(() => {});
