// Attack: writes members called __proto__ and constructor
// expect: ok [null,true,true]
// within: 5000
// Why it matters: as an assignment on the other side it would change the prototype there, or here.
$state.config.__proto__ = { evil: 1 };
const read = $state.config.evil ?? null;
const keys = JSON.stringify(Object.keys($state.config));
await $ext.api.echo();
return [read, keys === JSON.stringify(Object.keys($state.config)), ({}).evil === undefined];
