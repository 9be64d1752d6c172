// Attack: throws what has no text
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: not everything that is thrown can be shown.
throw Symbol('x');
