// Attack: compiles a hundred thousand nested groups
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
return new RegExp('('.repeat(1e5) + 'a' + ')'.repeat(1e5)).test('a');
