// Attack: doubles a string until it does not fit
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 5000
// Why it matters: memory without a bound takes that of every other tenant.
let s = 'x';
for (;;) {
  s += s;
  s.codePointAt(s.length - 1);
}
