// Attack: pads a text up to the largest length there is
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: a short call makes a long text; its size is computed from numbers the handler chose.
return 'x'.padStart(2 ** 30 - 1, 'ab').padEnd(2 ** 30 - 1).length;
