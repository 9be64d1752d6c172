// Attack: appends to a list without end
// expect: MEMORY_LIMIT
// within: 5000
// Why it matters: memory without a bound takes that of every other tenant.
const a = [];
for (;;) a.push(a.length);
