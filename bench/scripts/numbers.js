// Floating point and integer arithmetic in typed arrays.
const a = new Float64Array(1000);
for (let round = 0; round < 30; round++)
  for (let i = 0; i < a.length; i++) a[i] = Math.sqrt(a[i] + i) * 1.5 + ((i * 2654435761) >>> 16);
if (!(a[999] > 0)) throw new Error('wrong');
