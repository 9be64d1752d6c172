// Attack: starts a call in a getter of the arguments of another
// expect: ok [[[1]],[{"n":2}]]
// within: 5000
// Why it matters: two calls are prepared at once in one buffer.
let inner;
const outer = $ext.api.echo({ get n() { inner = $ext.api.echo([1]); return 2; } });
return [await inner, await outer];
