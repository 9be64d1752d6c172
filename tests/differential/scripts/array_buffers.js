const b = new ArrayBuffer(8);
new Uint16Array(b)[1] = 258;
print([...new Uint8Array(b)], b.slice(2, 4).byteLength, ArrayBuffer.isView(new DataView(b)), typeof b.resize, typeof b.transfer);
