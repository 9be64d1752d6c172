const s = new Set([1, 2, 2, 3]);
for (const v of s) { print(v); if (v < 5) s.add(v + 3); }
s.delete(1);
print([...s], s.size);
for (const op of ['union', 'intersection', 'difference', 'isSubsetOf']) print(op, typeof s[op]);
