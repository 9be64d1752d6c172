const it = { [Symbol.iterator]() { let n = 1; return { next: () => ({ value: n, done: n++ > 3 }), return() { print('closed'); return {}; } }; } };
for (const v of it) { if (v === 2) break; print(v); }
const [first] = it;
print(first, [...it], Array.from(it, (x) => x * 2), Math.max(...it), new Set(it).size);
try { for (const x of it) throw 'e'; } catch (e) { print(e); }
