// Attack: makes symbols with long descriptions and registers them all
// expect: MEMORY_LIMIT
// within: 5000
// Why it matters: registered symbols are never collected.
const all = [];
for (let i = 0; ; i++) all.push(Symbol.for('s'.repeat(500) + i));
