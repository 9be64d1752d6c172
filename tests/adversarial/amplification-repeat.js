// Attack: repeats a text up to the largest length there is
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: a short call makes a long text; its size is computed from numbers the handler chose.
return 'xy'.repeat(2 ** 29 - 1).length;
