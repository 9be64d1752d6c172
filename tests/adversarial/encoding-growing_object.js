// Attack: adds members while they are being encoded
// expect: ok {"a":1,"b":2}
// within: 5000
// Why it matters: the count was written before the members were read.
const o = { get a() { for (let i = 0; i < 100; i++) o['m' + i] = i; delete o.b; return 1; }, b: 2 };
const first = { get a() { return 1; }, b: 2 };
for (const each of [o]) $emit('x', each);
return first;
