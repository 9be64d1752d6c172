// Attack: waits for an atomic that nobody changes
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: a thread that sleeps inside the guest cannot be asked to stop.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
