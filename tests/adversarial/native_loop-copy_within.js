// Attack: moves 2^53 - 2 elements by one place
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: the interpreter polls its stop flag between bytecodes, and there is only one bytecode here:
// without a stop from outside the thread is lost.
Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1);
