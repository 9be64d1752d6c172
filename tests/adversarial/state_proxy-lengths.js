// Attack: sets impossible lengths on a list of the state
// expect: ok [6,2]
// within: 5000
// Why it matters: the local list and the host's would part, or one of them would fill the memory.
let refused = 0;
for (const length of [2 ** 32 - 1, 2 ** 32, -1, NaN, 1.5, 3])
  try {
    $state.items.length = length;
  } catch {
    refused++;
  }
await $ext.api.echo();
return [refused, $state.items.length];
