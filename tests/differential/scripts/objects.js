const o = { b: 1, a: 2, 2: 'x', 1: 'y', get g() { return this.a; }, set g(v) { this.a = v; }, ['c' + 1]: 4, m() { return super.toString(); } };
o.g = 9;
print(Object.keys(o), o.g, o.m(), JSON.stringify(o), 'a' in o, delete o.a, o.a, Object.entries(o).length, Reflect.ownKeys(o));
print(Object.fromEntries([['x', 1]]).x, JSON.stringify(Object.assign({}, 'ab', null, [9])), Object.is(NaN, NaN), JSON.stringify({ ...'hi', ...[5] }));
