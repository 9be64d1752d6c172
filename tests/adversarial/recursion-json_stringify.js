// Attack: stringifies an object that makes a new one in toJSON
// expect: EXECUTION_ERROR|TIMEOUT
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const make = () => ({ toJSON: () => ({ inner: make() }) });
return JSON.stringify(make());
