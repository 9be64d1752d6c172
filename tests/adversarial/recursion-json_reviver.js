// Attack: recurses through the reviver of JSON.parse
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const revive = () => JSON.parse('[1]', revive);
return revive();
