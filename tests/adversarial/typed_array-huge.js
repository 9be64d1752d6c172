// Attack: makes views and buffers near 2^31 elements
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: a count times an element size overflows 32 bits.
for (const kind of [Float64Array, BigInt64Array, Uint32Array, Uint8Array])
  for (const count of [2 ** 31, 2 ** 29, 2 ** 28 + 1, 2 ** 32, 2 ** 53 - 1]) {
    try {
      new kind(count);
    } catch {}
  }
throw new Error('refused politely');
