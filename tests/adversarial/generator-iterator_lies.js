// Attack: iterates objects whose next, done and return are getters that throw or lie
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: destructuring trusts a protocol that the handler implements.
const liar = { [Symbol.iterator]: () => ({ next: () => ({ get done() { return 0; }, get value() { return liar; } }), return: () => 1 }) };
for (;;) {
  try {
    const [[[[a]]]] = liar;
    new Map(liar);
  } catch {}
  try {
    new Set(liar);
  } catch {}
}
