// Attack: catches at an async boundary what should end it
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the engine turns the uncatchable interrupt into an ordinary rejection there, and the
// handler goes on.
const spin = async () => {
  while (true);
};
for (;;) await spin().catch(() => {});
