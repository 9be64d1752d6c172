// Attack: joins four billion empty elements
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: the interpreter polls its stop flag between bytecodes, and there is only one bytecode here:
// without a stop from outside the thread is lost.
return new Array(4294967295).join('').length;
