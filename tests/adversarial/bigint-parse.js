// Attack: reads a number of three hundred thousand digits, again and again
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: arithmetic on large integers is native and superlinear; one operator can take minutes.
for (;;) BigInt('9'.repeat(3e5));
