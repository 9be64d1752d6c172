// Attack: puts a then on Object.prototype, so that every answer is a thenable
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: resolving a promise with the answer asks the answer for its then.
Object.prototype.then = function (resolve) { resolve({}); };
await $ext.api.echo({});
