// Attack: calls methods by the names that every object has, and by none
// expect: ok [8,8]
// within: 5000
// Why it matters: a name looked up in a plain object finds what its prototype has.
const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'get\0', '../echo', 'ECHO'];
let refused = 0;
for (const name of names)
  try {
    await $ext.api[name]();
  } catch (error) {
    if (error.code === 'METHOD_NOT_FOUND') refused++;
  }
return [names.length, refused];
