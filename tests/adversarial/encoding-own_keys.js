// Attack: answers ownKeys with what a proxy may not say
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: the invariants of a proxy are checked, or broken by the encoder.
return new Proxy(Object.freeze({ a: 1 }), { ownKeys: () => ['a', 'a', 'b'] });
