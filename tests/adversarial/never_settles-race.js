// Attack: races an unanswered call against nothing
// expect: SUSPENDED
// within: 1500
// Why it matters: a run that can never go on must not hold anything for ever.
await Promise.race([$ext.api.never(), new Promise(() => {})]);
