// Attack: resolves a promise with a thenable that resolves with another, in the same call
// expect: EXECUTION_ERROR|TIMEOUT
// within: 3000
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const nest = (resolve) => resolve({ get then() { return nest(() => {}); } });
await new Promise(nest);
throw new Error('came back');
