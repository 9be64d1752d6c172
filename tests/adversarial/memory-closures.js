// Attack: keeps closures over large arguments
// expect: MEMORY_LIMIT
// within: 5000
// Why it matters: memory without a bound takes that of every other tenant.
const keep = [];
for (;;) keep.push(((...all) => () => all)(...new Array(1000).fill(1)));
