for (const T of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array]) {
  const t = new T([1.5, -1, 300, NaN, 70000, 4294967296.5, 0.1]);
  print(T.name, t.join(), t.BYTES_PER_ELEMENT, [...t.subarray(1, 3)], t.indexOf(1), t.slice().sort().join(), t.map((x) => x * 2).join());
}
print(new BigInt64Array([1n, -1n]).join(), new BigUint64Array([-1n]).join());
try { new Uint16Array(new ArrayBuffer(8), 1); } catch (e) { print(e.name, e.message); }
