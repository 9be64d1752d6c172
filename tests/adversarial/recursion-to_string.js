// Attack: converts to a string an object that converts itself
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const o = { toString: () => '' + o };
return '' + o;
