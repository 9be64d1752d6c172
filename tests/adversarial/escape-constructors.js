// Attack: compiles text through the constructor of every kind of function
// expect: ok 5
// within: 5000
// Why it matters: text made at run time was never checked for what it needs.
let refused = 0;
for (const each of [() => {}, async () => {}, function* () {}, async function* () {}, class {}])
  try {
    each.constructor('return 1')();
  } catch {
    refused++;
  }
return refused;
