// Attack: throws a proxy that never answers
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: describing the failure is part of the run, and so under its time limit.
throw new Proxy(new Error('x'), { get() { while (true); } });
