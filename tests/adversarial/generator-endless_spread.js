// Attack: spreads a generator that has no end
// expect: MEMORY_LIMIT|TIMEOUT
// within: 8000
// timeout: 5000
// Why it matters: one operator collects without end.
return [...(function* () { for (;;) yield 1; })()].length;
