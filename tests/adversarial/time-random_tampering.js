// Attack: replaces Math.random for those who come after
// expect: ok [false,0]
// within: 5000
// Why it matters: a predictable random number of the next tenant is a secret given away.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
let changed = 0;
changed += tried(() => { Math.random = () => 2; });
changed += tried(() => { Date.now = () => 42; });
changed += tried(() => { Math.leak = $state.name; });
changed += tried(() => { Math = { random: () => 2 }; });
return [Math.random() === 2, changed];
