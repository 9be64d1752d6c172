// Attack: makes objects with ever new property names
// expect: MEMORY_LIMIT
// within: 8000
// Why it matters: names are interned for the life of the engine: they are not the object's memory but
// everybody's.
const o = {};
for (let i = 0; ; i++) o['k' + i] = i;
