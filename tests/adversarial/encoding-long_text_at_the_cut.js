// Attack: logs characters of several bytes across the place where a line is cut
// expect: ok 1
// within: 5000
// Why it matters: a cut in the middle of a character makes the whole line invalid.
for (let i = 0; i < 4; i++) $log('x'.repeat(8190 + i) + '\u20ac\u20ac');
Promise.reject('y'.repeat(486) + '\u20ac'.repeat(20));
return 1;
