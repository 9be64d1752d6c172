// Attack: removes the first of four billion places
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: the interpreter polls its stop flag between bytecodes, and there is only one bytecode here:
// without a stop from outside the thread is lost.
const a = [];
a.length = 4294967295;
a.splice(0, 1);
