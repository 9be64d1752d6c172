// Attack: never comes back from a finaliser
// expect: TIMEOUT|ok 1
// within: 8000
// timeout: 1000
// Why it matters: the collector calls the handler at a moment that nobody chose.
const registry = new FinalizationRegistry(() => { while (true); });
for (let i = 0; i < 100; i++) registry.register({}, 0);
for (let i = 0; i < 50; i++) {
  new Array(10000).fill({}).map(() => ({}));
  await 0;
}
return 1;
