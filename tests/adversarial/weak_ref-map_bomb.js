// Attack: fills a WeakMap with keys that live
// expect: MEMORY_LIMIT
// within: 8000
// Why it matters: weak collections hold their values as long as their keys.
const keys = [];
const weak = new WeakMap();
for (;;) {
  const key = {};
  keys.push(key);
  weak.set(key, [key]);
}
