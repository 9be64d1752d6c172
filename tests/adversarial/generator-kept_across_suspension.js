// Attack: holds generators in the middle of their work across a suspension
// expect: ok [0,1,2,[3]]
// within: 5000
// Why it matters: a frame that is no longer on any stack has to be in the snapshot.
const g = (function* () { for (let i = 0; ; i++) yield i; })();
const async = (async function* () { yield g.next().value; yield (await $ext.api.echo(3)); })();
const a = g.next().value;
await $ext.api.echo();
const b = (await async.next()).value;
const c = (await async.next()).value;
return [a, b, g.next().value, c];
