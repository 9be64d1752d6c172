// Attack: names eval in every way that could still find it
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: indirect eval runs in the global scope, outside the handler.
(0, eval)('1');
