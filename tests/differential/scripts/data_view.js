const v = new DataView(new ArrayBuffer(16));
v.setFloat64(0, Math.PI);
v.setInt16(8, -2, true);
v.setUint32(10, 0xdeadbeef);
print(v.getFloat64(0), v.getUint8(0), v.getFloat32(0, true), v.getInt16(8, true), v.getInt16(8), v.getUint32(10).toString(16), v.getBigInt64(0));
try { v.getInt32(14); } catch (e) { print(e.name, e.message); }
