// Attack: fills four billion places
// expect: MEMORY_LIMIT|TIMEOUT
// within: 5000
// timeout: 3000
// Why it matters: memory without a bound takes that of every other tenant.
return new Array(4294967295).fill(0).length;
