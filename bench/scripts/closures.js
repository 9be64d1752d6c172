// Functional list code, as handlers are written.
let total = 0;
for (let i = 0; i < 40; i++)
  total += Array.from({ length: 200 }, (_, k) => k).map((k) => k * 3).filter((k) => k % 2).reduce((a, b) => a + b, 0);
if (total !== 40 * 30000) throw new Error('wrong');
