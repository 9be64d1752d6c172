// Small objects made, read and dropped.
let sum = 0;
for (let i = 0; i < 20000; i++) {
  const point = { x: i, y: i * 2, tag: 'p' };
  point.z = point.x + point.y;
  sum += point.z;
}
if (sum !== 599970000) throw new Error('wrong');
