// Attack: raises to a power of a hundred million
// expect: TIMEOUT|MEMORY_LIMIT|EXECUTION_ERROR
// within: 1500
// Why it matters: arithmetic on large integers is native and superlinear; one operator can take minutes.
return (3n ** 100000000n).toString().length;
