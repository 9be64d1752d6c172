// Attack: inserts before two billion places
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: the interpreter polls its stop flag between bytecodes, and there is only one bytecode here:
// without a stop from outside the thread is lost.
const a = [1];
a.length = 2147483648;
a.unshift(0);
