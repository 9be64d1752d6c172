// Attack: passes a million arguments to one call
// expect: EXECUTION_ERROR|MEMORY_LIMIT
// within: 3000
// Why it matters: arguments are copied onto the stack.
const f = (...all) => all.length;
f.apply(null, { length: 4294967295 });
