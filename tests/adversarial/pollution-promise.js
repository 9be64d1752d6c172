// Attack: replaces then, the species and the constructor of promises
// expect: ok [1,2]
// within: 5000
// Why it matters: the host's own promise work must not pass through what a handler can replace.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
const mine = () => { throw new Error('mine'); };
tried(() => { Promise.prototype.then = mine; });
tried(() => { Promise.prototype.constructor = mine; });
tried(() => Object.defineProperty(Promise, Symbol.species, { get: mine }));
for (const name of ['resolve', 'reject', 'all']) tried(() => { Promise[name] = mine; });
const f = async () => 1;
return [await f(), (await $ext.api.echo(2))[0]];
