function depth(n) { try { return depth(n + 1); } catch (e) { return e.name; } }
print(depth(0));
function even(n) { return n === 0 ? true : odd(n - 1); }
function odd(n) { return n === 0 ? false : even(n - 1); }
print(even(500), JSON.stringify(JSON.parse('['.repeat(200) + ']'.repeat(200))).length);
