// Attack: spreads ten thousand, a hundred thousand and a million arguments
// expect: EXECUTION_ERROR|MEMORY_LIMIT|ok 1000000
// within: 3000
// Why it matters: arguments are copied onto the stack, whose end is the guest's memory.
let n = 0;
for (const count of [1e4, 6e4, 65535, 1e5, 1e6]) n = Math.max(...new Array(count).fill(count));
return n;
