// Attack: looks for the constructor of a shared buffer behind every prototype in reach
// expect: ok []
// within: 5000
// Why it matters: deleting a global is not enough when a prototype still points at what it named.
const seen = new Set();
const found = [];
const visit = (value) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
  seen.add(value);
  if (String(value.name).includes('Shared') || String(value[Symbol.toStringTag]).includes('Atomics'))
    found.push(String(value.name));
  visit(Object.getPrototypeOf(value));
  for (const key of Reflect.ownKeys(value)) {
    const own = Object.getOwnPropertyDescriptor(value, key);
    visit(own.value);
    visit(own.get);
    visit(own.set);
  }
};
visit([Object, Promise, Reflect, Proxy, new Uint8Array(1), new DataView(new ArrayBuffer(1)), new WeakRef({}),
       JSON, Math, (function* () {})(), async () => {}, [][Symbol.iterator](), $log, $emit, $view, $time, $args]);
return found;
