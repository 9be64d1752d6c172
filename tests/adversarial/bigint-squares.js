// Attack: squares a number until something gives in
// expect: TIMEOUT|MEMORY_LIMIT|EXECUTION_ERROR
// within: 1500
// Why it matters: arithmetic on large integers is native and superlinear; one operator can take minutes.
for (let x = 3n; ; ) x *= x;
