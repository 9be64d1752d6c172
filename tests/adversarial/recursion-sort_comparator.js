// Attack: sorts in the comparator
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const cmp = () => [3, 1, 2].sort(cmp).length;
return [2, 1].sort(cmp);
