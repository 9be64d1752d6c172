// Attack: catches every failure to allocate and goes on
// expect: MEMORY_LIMIT
// within: 5000
// Why it matters: an out-of-memory error that can be caught is no limit.
const a = [];
for (;;) {
  try {
    a.push(new Array(10000).fill(1));
  } catch {
    a.push(1);
  }
}
