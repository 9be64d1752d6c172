// Attack: allocates and drops as fast as it can
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the collector must keep up, and the stop must come through while it runs.
for (;;) new Array(1000).fill({}).map((x, i) => ({ x, i }));
