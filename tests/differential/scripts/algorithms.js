function* primes(n) { const s = new Uint8Array(n); for (let i = 2; i < n; i++) if (!s[i]) { yield i; for (let j = i * i; j < n; j += i) s[j] = 1; } }
print([...primes(200)].join());
let [p, q] = [0n, 1n];
for (let i = 0; i < 300; i++) [p, q] = [q, p + q];
print(p);
let h = 2166136261;
for (const c of 'hello wörld😀') h = Math.imul(h ^ c.codePointAt(0), 16777619) >>> 0;
print(h);
