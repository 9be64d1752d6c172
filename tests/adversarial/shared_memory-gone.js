// Attack: looks for shared memory and atomics by name
// expect: ok ["undefined","undefined","undefined"]
// within: 5000
// Why it matters: a shared buffer and a second thread make a clock fine enough to read other tenants' secrets
// from a cache.
return [typeof SharedArrayBuffer, typeof Atomics, typeof WebAssembly];
