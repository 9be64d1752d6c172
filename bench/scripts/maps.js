// Map and Set with text keys.
const counts = new Map();
for (let i = 0; i < 12000; i++) {
  const key = 'k' + (i % 300);
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
if (counts.size !== 300 || counts.get('k7') !== 40) throw new Error('wrong');
