// Attack: prints a number of a million bits, again and again
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: arithmetic on large integers is native and superlinear; one operator can take minutes.
for (;;) ((1n << 1000000n) - 1n).toString();
