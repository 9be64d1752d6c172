// Attack: shifts by more bits than any memory has
// expect: EXECUTION_ERROR|MEMORY_LIMIT
// within: 1500
// Why it matters: a size computed from the operand overflows unless it is checked first.
return String(1n << (1n << 64n)).length;
