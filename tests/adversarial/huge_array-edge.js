// Attack: works at the edge of the largest length
// expect: ok [4294967295,"RangeError","RangeError","TypeError"]
// within: 5000
// Why it matters: the length plus one is zero in 32 bits.
const a = [];
a.length = 4294967295;
const names = [];
for (const each of [() => a.push(1), () => { a.length = 4294967296; }, () => Array.prototype.push.call({ length: 2 ** 53 - 1 }, 1)])
  try {
    each();
  } catch (error) {
    names.push(error.name);
  }
return [a.length, ...names];
