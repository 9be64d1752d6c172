// Attack: sorts an object that says it has 2^53 - 1 elements
// expect: TIMEOUT|MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: the length comes from the handler, and the memory for it is reserved before anything is
// compared.
return Array.prototype.sort.call({ length: 2 ** 53 - 1, 0: 2, 1: 1 });
