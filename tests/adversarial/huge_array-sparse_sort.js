// Attack: sorts a sparse array of four billion places
// expect: TIMEOUT|MEMORY_LIMIT|ok 1
// within: 5000
// timeout: 1000
// Why it matters: the interpreter polls its stop flag between bytecodes, and there is only one bytecode here:
// without a stop from outside the thread is lost.
const a = [];
a[4294967294] = 1;
a[7] = 2;
return a.sort()[0];
