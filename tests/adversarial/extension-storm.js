// Attack: starts a call as soon as the last one was answered, for ever
// expect: RESOURCE_LIMIT
// within: 30000
// Why it matters: each answer costs the host a restore and a snapshot.
for (;;) await $ext.api.echo();
