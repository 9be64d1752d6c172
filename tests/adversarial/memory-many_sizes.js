// Attack: asks for every size around the powers of two and catches each refusal
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: the arithmetic of an allocator is wrong at its edges or nowhere.
for (let bits = 31; bits > 24; bits--)
  for (const off of [-65537, -65536, -4097, -4096, -17, -16, -9, -8, -1, 0, 1, 8]) {
    try {
      new ArrayBuffer(2 ** bits + off);
    } catch {}
  }
throw new Error('every size was granted or refused politely');
