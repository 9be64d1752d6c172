// Attack: passes arguments that contain themselves
// expect: SERIALIZATION_ERROR
// within: 5000
// Why it matters: the encoder follows them for ever.
const list = [];
list.push(list);
await $ext.api.echo(list);
