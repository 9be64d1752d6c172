// Attack: flattens a hundred thousand nested lists
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
let deep = [];
for (let i = 0; i < 1e5; i++) deep = [deep];
return deep.flat(Infinity).length;
