// Attack: awaits a promise that nobody can resolve
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: a run that can never go on must not hold anything for ever.
await new Promise(() => {});
