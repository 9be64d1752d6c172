// Attack: throws an object whose every member throws
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: whoever describes the failure fails.
throw { get name() { throw 1; }, get message() { throw 2; }, get stack() { throw 3; }, get code() { throw 4; } };
