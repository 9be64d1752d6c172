// Attack: queues a job that queues itself
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the queue never runs dry, so a host that waits for it waits for ever.
const again = () => {
  Promise.resolve().then(again);
};
again();
await new Promise(() => {});
