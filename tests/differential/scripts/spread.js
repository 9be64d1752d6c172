print(Math.max(...[1, 5, 3], ...new Set([9])), [...'héllo', ...new Map([[1, 2]])].length, JSON.stringify({ ...{ a: 1, b: 2 }, b: 3 }));
print(((...a) => a.length)(...Array(3), 4));
try { print(...5); } catch (e) { print(e.name, e.message); }
