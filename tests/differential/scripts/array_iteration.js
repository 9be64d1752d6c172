const a = [3, 1, 2];
print(a.map((x) => x * 2), a.filter((x) => x > 1), a.reduce((s, x) => s + x), a.reduceRight((s, x) => s + x, ''), a.every((x) => x), a.some((x) => x > 5));
print(a.find((x) => x < 3), a.findIndex((x) => x === 2), a.findLast((x) => x > 1), a.findLastIndex((x) => x > 5), [...a.entries()], [...a.keys()]);
try { [].reduce((x) => x); } catch (e) { print(e.name, e.message); }
