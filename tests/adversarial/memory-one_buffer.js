// Attack: asks for two gigabytes at once
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 1500
// Why it matters: a size near 2^31 overflows signed arithmetic on its way to the allocator.
return new ArrayBuffer(0x7fffffff).byteLength;
