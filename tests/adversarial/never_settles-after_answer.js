// Attack: waits for nothing once its only call was answered
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: a run that can never go on must not hold anything for ever.
await $ext.api.echo();
await new Promise(() => {});
