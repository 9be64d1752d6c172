// Attack: splits and joins with a growing separator
// expect: MEMORY_LIMIT|EXECUTION_ERROR|TIMEOUT
// within: 5000
// timeout: 3000
// Why it matters: a short call makes a long text; its size is computed from numbers the handler chose.
let s = 'ab';
for (;;) s = s.split('').join(s);
