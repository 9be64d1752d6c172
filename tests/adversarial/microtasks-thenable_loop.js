// Attack: awaits a thenable that resolves with itself
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the queue never runs dry, so a host that waits for it waits for ever.
const t = { then(resolve) { resolve(t); } };
await t;
