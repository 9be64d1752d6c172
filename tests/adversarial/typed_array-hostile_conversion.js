// Attack: changes lengths while values are being converted
// expect: ok 0
// within: 5000
// Why it matters: bounds that were checked before valueOf ran are not the bounds afterwards.
const view = new Uint8Array(16);
const source = [1, 2, 3, 4];
const evil = { valueOf() { source.length = 0; view.set([9, 9, 9], 13); return 2 ** 31; } };
for (const each of [() => view.fill(evil, 0, 4), () => view.set({ length: 2 ** 32 - 1, 0: evil }), () => view.fill(0, evil, evil),
                    () => view.copyWithin(evil, 0, evil), () => view.set([1, evil], 15), () => view.set(source, evil),
                    () => view.subarray(evil), () => view.at(evil), () => view.lastIndexOf(9, evil)]) {
  try {
    each();
  } catch {}
}
return view.fill(0).reduce((a, b) => a + b);
