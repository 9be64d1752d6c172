// Attack: divides long numbers in a loop and catches what it can
// expect: TIMEOUT
// within: 1500
// Why it matters: arithmetic on large integers is native and superlinear; one operator can take minutes.
const big = 7n ** 300000n;
const other = 3n ** 150000n;
for (;;) {
  try {
    if (big % other === 0n) return;
  } catch {}
}
