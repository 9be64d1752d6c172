const o = { a: { b: () => 'c', n: null } };
print(o?.a?.b?.(), o.x?.y.z.w, o.a.n?.x, o.a.n ?? 'd', o.zero ?? 0, delete o?.a?.n, o?.['a']?.['b'](), null?.[print('no')]);
let u;
u ??= 4; u ||= 5; u &&= 6;
print(u, 0 || null, 0 ?? 1, '' && 1);
