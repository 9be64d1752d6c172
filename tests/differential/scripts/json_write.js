print(JSON.stringify({ a: [1, 'x', null, undefined, () => 1, NaN, new Date(0), { toJSON: () => 'j' }], b: undefined, 'ü\u2028"\\': '\ud800\n\u0007' }));
print(JSON.stringify([1, { a: 2 }], null, 2), JSON.stringify({ a: 1, b: 2, c: [3] }, ['a', 'c']), JSON.stringify({ a: 1, b: 'x' }, (k, v) => (typeof v === 'number' ? v + 1 : v), '--'));
const c = {};
c.c = c;
try { JSON.stringify(c); } catch (e) { print(e.name, e.message); }
