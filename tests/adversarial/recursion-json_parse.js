// Attack: parses a text that nests a million lists
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
return JSON.parse('['.repeat(1e6) + ']'.repeat(1e6));
