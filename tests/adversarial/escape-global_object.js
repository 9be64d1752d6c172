// Attack: looks for the global object behind this, callers and getters
// expect: ok ["undefined","undefined","undefined","undefined"]
// within: 5000
// open: the wrapper is an arrow function of a script, so this is the global object
// Why it matters: whoever has the global object can replace what the next statement uses.
const sloppy = function () { return typeof this; };
const inGetter = { get it() { return (() => typeof this)(); } };
return [typeof this, sloppy(), inGetter.it, typeof [0].map(sloppy, undefined)[0] === 'string' ? sloppy.call(undefined) : ''];
