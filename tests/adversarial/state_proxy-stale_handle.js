// Attack: keeps handles across an await during which others empty the list
// expect: STATE_ERROR
// within: 5000
// Why it matters: a handle to what is gone would write to nowhere, or to what took its place.
const tags = $state.items[0].tags;
await $ext.api.clear();
tags.push('x');
