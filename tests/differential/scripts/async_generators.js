async function* g() { try { for (let i = 0; i < 3; i++) { const got = yield i; print('got', got); } } finally { print('closed'); } }
(async () => {
  for await (const v of g()) { print(v); if (v === 1) break; }
  const it = g();
  print(JSON.stringify(await Promise.all([it.next(), it.next('a'), it.return('r'), it.next()])));
})();
