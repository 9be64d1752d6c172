// Attack: asks instanceof of a function bound fifty thousand times
// expect: EXECUTION_ERROR|ok true
// within: 1500
// Why it matters: no JavaScript runs here at all: the recursion is native only and keeps nothing on the
// guest's own stack.
const base = function () {};
let bound = base;
for (let i = 0; i < 5e4; i++) bound = Object.defineProperty(bound.bind(), 'name', { value: '' });
return new base() instanceof bound;
