// Attack: drops a list of a million nested lists
// expect: ok 1
// within: 5000
// Why it matters: freeing what nests must not recurse: there is no handler left to blame.
let deep = [];
for (let i = 0; i < 2e5; i++) deep = [deep];
deep = null;
for (let i = 0; i < 2e5; i++) deep = { deep };
deep = null;
return 1;
