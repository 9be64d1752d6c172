// Attack: writes at places a list does not have
// expect: ok [6,2]
// within: 5000
// Why it matters: an index from the handler becomes an index into a vector of the host.
let refused = 0;
for (const place of [3, -1, 4294967294, 4294967295, '00', '1.5'])
  try {
    $state.items[place] = 1;
  } catch {
    refused++;
  }
await $ext.api.echo();
return [refused, $state.items.length];
