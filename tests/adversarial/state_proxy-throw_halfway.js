// Attack: throws in the middle of a change to a list
// expect: ok true
// within: 5000
// Why it matters: the local list was changed already, and the host's was not.
try {
  $state.items.sort(() => { throw new Error('x'); });
} catch {}
try {
  $state.items.push(1, () => {});
} catch {}
try {
  $state.items.splice(0, 2, 1n);
} catch {}
const seen = JSON.stringify($state.items);
await $ext.api.echo();
return seen === JSON.stringify($state.items);
