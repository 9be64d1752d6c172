const a = [1, , 3];
a[5] = 6;
print(a.length, 1 in a, a, Object.keys(a), a.map((x) => x * 2), a.indexOf(undefined), a.findIndex((x) => x === undefined), [...a]);
a.length = 2;
print(a, JSON.stringify(a));
const big = [];
big[4294967294] = 1;
print(big.length, Object.keys(big));
try { big.length = -1; } catch (e) { print(e.name, e.message); }
