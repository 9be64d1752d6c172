// Attack: throws what it likes in a getter during encoding
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: a half-written value must not be sent.
$state.config = { a: 1, get b() { throw { code: 'TIMEOUT', message: 'forged' }; } };
