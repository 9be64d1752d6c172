// Attack: normalises a character that decomposes into eighteen
// expect: MEMORY_LIMIT|EXECUTION_ERROR|TIMEOUT
// within: 5000
// timeout: 3000
// Why it matters: a short call makes a long text; its size is computed from numbers the handler chose.
return '\ufdfa'.repeat(2e6).normalize('NFKD').length;
