// Attack: matches a nested quantifier against a text that fails at its end
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: backtracking takes time exponential in the input: one short expression takes a thread for
// years.
return /^(a+)+$/.test('a'.repeat(40) + 'b');
