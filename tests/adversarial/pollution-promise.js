// Attack: replaces then, the species and the constructor of promises
// expect: ok [1,2]
// within: 5000
// Why it matters: the host's own promise work must not pass through what a handler can replace.
Promise.prototype.then = () => { throw new Error('mine'); };
Object.defineProperty(Promise, Symbol.species, { get: () => { throw new Error('mine'); } });
Promise.resolve = Promise.reject = Promise.all = () => 0;
const f = async () => 1;
return [await f(), (await $ext.api.echo(2))[0]];
