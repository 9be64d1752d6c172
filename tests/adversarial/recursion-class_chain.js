// Attack: constructs the last of twenty thousand derived classes
// expect: EXECUTION_ERROR
// within: 3000
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
let C = class {};
for (let i = 0; i < 2e4; i++) C = class extends C {};
return typeof new C();
