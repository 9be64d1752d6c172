// Attack: emits lists of a million nulls, as many as it may
// expect: RESOURCE_LIMIT
// within: 8000
// Why it matters: a null is one byte on the wire and forty in the host: a payload within its limit, a hundred
// times, is gigabytes.
const nulls = new Array(1e6).fill(null);
for (let i = 0; i < 99; i++) $emit('x', nulls);
