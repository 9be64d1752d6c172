// Attack: replaces Math.random for those who come after
// expect: ok 0.5
// within: 5000
// Why it matters: a predictable random number of the next tenant is a secret given away.
Math.random = () => 0.5;
Date.now = () => 42;
Math.leak = $state.name;
return Math.random();
