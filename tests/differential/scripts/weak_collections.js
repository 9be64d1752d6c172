const w = new WeakMap(), k = {};
w.set(k, 1);
print(w.get(k), w.has({}), new WeakSet([k]).has(k), new WeakRef(k).deref() === k, w.delete(k), w.has(k));
try { w.set(1, 1); } catch (e) { print(e.name, e.message); }
