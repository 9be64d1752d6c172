// Attack: gets a smaller array than it asked for from the species constructor
// expect: EXECUTION_ERROR|ok 8
// within: 5000
// Why it matters: the copy that follows believes the size it asked for.
class Small extends Uint8Array {
  static get [Symbol.species]() {
    return function () {
      return new Uint8Array(1);
    };
  }
}
const big = new Small(64).fill(7);
for (const make of [() => big.slice(), () => big.map((x) => x), () => big.filter(() => true), () => big.subarray(8)]) {
  try {
    make();
  } catch {}
}
return big.slice(0, 1).length + 7;
