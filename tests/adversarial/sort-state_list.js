// Attack: pushes to the state list that is being sorted
// expect: ok true
// within: 5000
// Why it matters: the local copy and the host's copy must not part.
$state.items = [3, 1, 2];
let calls = 0;
$state.items.sort((a, b) => {
  if (calls++ === 0) $state.items.push(9);
  return a - b;
});
const seen = JSON.stringify($state.items);
await $ext.api.echo();
return seen === JSON.stringify($state.items);
