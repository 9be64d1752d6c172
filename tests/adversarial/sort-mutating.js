// Attack: empties and refills the list while it is being sorted
// expect: ok true
// within: 8000
// Why it matters: a sort that keeps a pointer to the elements reads what was freed.
const a = Array.from({ length: 2000 }, (_, i) => ({ i }));
let calls = 0;
a.sort((x, y) => {
  if (++calls % 50 === 0) a.length = 0;
  if (calls % 70 === 0) for (let i = 0; i < 100; i++) a.push({ i: new Array(100).fill(i) });
  return y.i - x.i;
});
return calls > 0;
