// Attack: joins lists that contain each other
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const a = [];
a.toString = () => String([a, a]);
return String(a);
