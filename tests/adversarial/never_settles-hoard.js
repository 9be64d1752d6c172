// Attack: fills its memory with noise and then waits for ever
// expect: SUSPENDED|RESOURCE_LIMIT|MEMORY_LIMIT
// within: 5000
// Why it matters: a waiting run is kept as the difference to the base image; noise does not compress, and ten
// thousand runs may wait.
const noise = new Uint32Array(5e6);
let x = 1;
for (let i = 0; i < noise.length; i++) noise[i] = x = Math.imul(x, 1664525) + 1013904223;
await $ext.api.never();
return noise[9];
