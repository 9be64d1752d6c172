// Attack: delegates through fifty thousand generators
// expect: EXECUTION_ERROR
// within: 3000
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
const g = function* (n) { if (n > 0) yield* g(n - 1); else yield 1; };
return [...g(5e4)];
