// Attack: queues requests to an async generator that never answers one
// expect: MEMORY_LIMIT|RESOURCE_LIMIT|TIMEOUT
// within: 8000
// timeout: 5000
// Why it matters: each request is kept until the one before it was answered.
const g = (async function* () { await new Promise(() => {}); })();
for (;;) g.next();
