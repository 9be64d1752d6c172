const n = [0, -0, 1, -1, 0.1, 0.2, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 31];
for (const a of n) for (const b of n) print(a, b, a + b, a - b, a * b, a / b, a % b, a < b, a <= b, a == b, Object.is(a, b));
