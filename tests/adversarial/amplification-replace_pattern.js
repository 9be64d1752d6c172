// Attack: replaces each character by the whole text, many times over
// expect: MEMORY_LIMIT|EXECUTION_ERROR|TIMEOUT
// within: 5000
// timeout: 3000
// Why it matters: each $` and $' in the replacement copies most of the text: quadratic in one call.
return 'x'.repeat(10000).replace(/x/g, '$`$&$\''.repeat(100)).length;
