// Attack: reads and writes at every place a view does not have
// expect: ok 0
// within: 5000
// Why it matters: an index that wraps reads the memory of the engine itself.
const view = new Uint8Array(new ArrayBuffer(64), 16, 8);
const data = new DataView(view.buffer, 16, 8);
let seen = 0;
for (const at of [8, 48, -1, -17, 2 ** 31, 2 ** 31 - 1, 2 ** 32, 2 ** 32 - 1, 2 ** 32 + 3, 2 ** 53, 1e300, 0.5, NaN]) {
  view[at] = 255;
  if (view[at] !== undefined) seen++;
  for (const read of ['getUint8', 'getFloat64', 'getBigUint64']) {
    try {
      data[read](at === 0.5 || Number.isNaN(at) ? 8 : at);
      seen++;
    } catch {}
  }
}
for (const byte of new Uint8Array(view.buffer)) seen += byte;
return seen;
