// Attack: calls list methods of the state on something else
// expect: ok true
// within: 5000
// Why it matters: a method that carries its path writes there, whatever it is called on.
const { push, splice } = $state.items;
push.call([], { id: 3 });
splice.call({}, 0, 1);
const seen = JSON.stringify($state.items);
await $ext.api.echo();
return seen === JSON.stringify($state.items);
