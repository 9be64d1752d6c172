// Attack: passes arguments of megabytes
// expect: RESOURCE_LIMIT
// within: 5000
// Why it matters: arguments are kept by the host for as long as the call is open.
await $ext.api.never('x'.repeat(5e6));
