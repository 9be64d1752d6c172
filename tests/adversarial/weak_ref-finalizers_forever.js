// Attack: registers a finaliser that registers itself again
// expect: ok 1|TIMEOUT|MEMORY_LIMIT
// within: 8000
// timeout: 5000
// Why it matters: finalisers run when the collector likes, which may be after the handler's end.
const again = () => registry.register({}, 0);
const registry = new FinalizationRegistry(again);
for (let i = 0; i < 1000; i++) again();
for (let i = 0; i < 200; i++) {
  new Array(10000).fill({}).map(() => ({}));
  await 0;
}
return 1;
