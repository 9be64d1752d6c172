// Attack: lets two async functions wait for each other
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: a run that can never go on must not hold anything for ever.
let b;
const a = (async () => { await 0; await b; })();
b = (async () => { await a; })();
await b;
