// Attack: throws in the comparator, in the middle, a thousand times
// expect: ok 1000
// within: 8000
// Why it matters: what was taken out for sorting must be put back or freed, once.
let thrown = 0;
for (let i = 0; i < 1000; i++) {
  const a = [5, 4, 3, 2, 1, {}, [], 'x'];
  let calls = 0;
  try {
    a.sort(() => {
      if (++calls === 1 + (i % 7)) throw new Error();
      return 1;
    });
  } catch {
    thrown++;
  }
}
return thrown;
