// Attack: awaits itself without end
// expect: EXECUTION_ERROR|TIMEOUT|MEMORY_LIMIT
// within: 3000
// Why it matters: an async call runs at once up to its first await, so it uses the stack like any other.
const f = async () => { await f(); };
await f();
