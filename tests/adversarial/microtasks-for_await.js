// Attack: iterates an async iterator that has no end
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the queue never runs dry, so a host that waits for it waits for ever.
const endless = { [Symbol.asyncIterator]: () => ({ next: () => ({ done: false }) }) };
for await (const each of endless);
