// Attack: logs lines of a megabyte
// expect: ok 500
// within: 8000
// Why it matters: a bounded number of unbounded lines is no bound.
const line = 'x'.repeat(1e6);
for (let i = 0; i < 500; i++) $log(line);
return 500;
