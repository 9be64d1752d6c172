// Attack: empties the list while it is being encoded
// expect: ok [null,null,null,null]
// within: 5000
// Why it matters: the count was written before the elements were read.
const list = [1, 2, 3, 4];
Object.defineProperty(list, 0, { get() { list.length = 0; return null; }, configurable: true });
Object.defineProperty(list, 0, { get() { list.length = 1; return null; } });
return list;
