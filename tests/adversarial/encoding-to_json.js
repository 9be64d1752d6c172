// Attack: hides a toJSON that would change what is stored
// expect: ok {"a":1}
// within: 5000
// Why it matters: code that runs during encoding sees a half-written message.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
for (const shared of [Object, Array, Date]) tried(() => { shared.prototype.toJSON = () => 'mine'; });
return { a: 1, toJSON: undefined };
