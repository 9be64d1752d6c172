// Attack: fills a map with objects
// expect: MEMORY_LIMIT
// within: 5000
// Why it matters: memory without a bound takes that of every other tenant.
const m = new Map();
for (let i = 0; ; i++) m.set({ i }, i);
