let seed = 42;
const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
const a = Array.from({ length: 5000 }, next).sort((p, q) => p - q);
print(a[0], a[2500], a[4999], a.every((v, i) => i === 0 || a[i - 1] <= v), Array.from({ length: 300 }, next).sort().slice(0, 5));
