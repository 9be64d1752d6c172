// Attack: waits by looking at the clock
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: reading the clock is a host call: the stop falls into it half of the time.
const end = Date.now() + 1e9;
while (Date.now() < end);
