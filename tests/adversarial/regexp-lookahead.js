// Attack: hides the backtracking in a lookahead
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: backtracking takes time exponential in the input: one short expression takes a thread for
// years.
return /^(?=(a+)+$)b/.test('a'.repeat(40) + 'c');
