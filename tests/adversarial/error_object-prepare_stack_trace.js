// Attack: installs a hook that engines call while they make a stack
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: a hook that runs at every throw runs where no handler code is expected.
Error.prepareStackTrace = () => { while (true); };
Error.stackTraceLimit = 1e9;
Error.captureStackTrace?.({});
null.x;
