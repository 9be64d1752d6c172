// Attack: puts a then on Object.prototype, so that every answer is a thenable
// expect: ok {}
// within: 5000
// Why it matters: resolving a promise with the answer asks the answer for its then.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
tried(() => { Object.prototype.then = function (resolve) { resolve({}); }; });
tried(() => { Object.defineProperty(Object.prototype, 'then', { get: () => (resolve) => resolve({}) }); });
return (await $ext.api.echo({}))[0];
