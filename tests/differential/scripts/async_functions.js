const f = async (x) => { print('start', x); const v = await x; print('after', v); if (v === 2) throw new Error('two'); return v * 10; };
(async () => {
  print(await f(1));
  try { await f(2); } catch (e) { print(e.message); }
  for await (const x of [f(3), 4]) print(x);
  print(await Promise.all([1, 2, 3].map(async (n) => { await null; return n; })));
})();
print('end of script');
