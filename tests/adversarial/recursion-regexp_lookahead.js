// Attack: matches thousands of nested lookaheads
// expect: EXECUTION_ERROR|ok true|ok false
// within: 1500
// Why it matters: each lookahead is a native recursion of the matcher, which runs no JavaScript that could be
// stopped.
return new RegExp('(?='.repeat(3000) + 'a' + ')'.repeat(3000)).test('a');
