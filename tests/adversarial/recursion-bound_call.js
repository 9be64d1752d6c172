// Attack: calls a function bound fifty thousand times
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
let bound = () => 1;
for (let i = 0; i < 5e4; i++) bound = Object.defineProperty(bound.bind(null), 'name', { value: '' });
return bound();
