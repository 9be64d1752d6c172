// Attack: matches overlapping alternatives with a back reference
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: backtracking takes time exponential in the input: one short expression takes a thread for
// years.
return /^(a|a|aa)*\1b$/.test('a'.repeat(60));
