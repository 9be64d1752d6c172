const [a, , b = 5, ...r] = [1, 2, undefined, 4, 5];
const { x, y: { z = 3, ...w } = {}, ['k' + 1]: k, ...others } = { x: 1, y: { q: 2 }, k1: 7, e: 8 };
print(a, b, r, x, z, JSON.stringify(w), k, JSON.stringify(others));
let p = 1, q = 2;
[p, q] = [q, p];
print(p, q);
for (const f of [() => { const { a } = null; }, () => { const [c] = {}; }]) try { f(); } catch (e) { print(e.name, e.message); }
