// Attack: puts setters for the first places of a list on Array.prototype
// expect: ok {"before":{"deep":{"n":2}},"after":{"deep":{"n":2}}}
// within: 5000
// Why it matters: a path that the API builds by assignment would lose its steps, and the write would hit the
// wrong place.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
for (const index of [0, 1, 2, 3])
  tried(() => Object.defineProperty(Array.prototype, index, { set() {}, get() {} }));
$state.config.deep.n = 2;
const before = JSON.parse(JSON.stringify($state.config));
await $ext.api.echo();
return { before, after: $state.config };
