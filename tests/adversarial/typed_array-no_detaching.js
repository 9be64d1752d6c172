// Attack: looks for a way to detach or resize a buffer under a view
// expect: ok ["undefined","undefined","undefined","undefined"]
// within: 5000
// Why it matters: a view whose buffer went away is the classic way out of a JavaScript engine.
const b = new ArrayBuffer(8, { maxByteLength: 16 });
return [typeof b.resize, typeof b.transfer, typeof structuredClone, typeof b.maxByteLength];
