// Attack: looks for the global object behind this, callers and getters
// expect: ok ["undefined","undefined","undefined","undefined"]
// within: 5000
// Why it matters: whoever has the global object can replace what the next statement uses.
const sloppy = function () { return typeof this; };
const inGetter = { get it() { return (() => typeof (this === inGetter ? undefined : this))(); } };
return [typeof this, sloppy(), inGetter.it, typeof [0].map(sloppy, undefined)[0] === 'string' ? sloppy.call(undefined) : ''];
