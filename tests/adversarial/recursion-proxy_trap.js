// Attack: reads in a trap what the trap is for
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const p = new Proxy({}, { get: (target, key, receiver) => receiver[key] });
return p.x;
