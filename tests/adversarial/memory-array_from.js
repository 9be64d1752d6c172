// Attack: builds an array from a length of four billion
// expect: MEMORY_LIMIT|EXECUTION_ERROR|TIMEOUT
// within: 5000
// timeout: 3000
// Why it matters: memory without a bound takes that of every other tenant.
return Array.from({ length: 4294967295 }, () => 1).length;
