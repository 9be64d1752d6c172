// Attack: awaits a call that is never answered
// expect: SUSPENDED
// within: 1500
// Why it matters: a run that can never go on must not hold anything for ever.
await $ext.api.never();
