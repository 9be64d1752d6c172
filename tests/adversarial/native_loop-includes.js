// Attack: looks through an array-like object of 2^53 - 1 elements
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: the interpreter polls its stop flag between bytecodes, and there is only one bytecode here:
// without a stop from outside the thread is lost.
return Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);
