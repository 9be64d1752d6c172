const m = new Map([[NaN, 1], [0, 2], ['0', 3], [{}, 4]]);
m.set(-0, 'z').delete('0');
print(m.size, m.get(NaN), m.get(0), [...m.keys()].map(String), m.has({}), Object.prototype.toString.call(m));
m.forEach((v, k, all) => { if (v === 1) all.set('new', 9); print(String(k), v); });
