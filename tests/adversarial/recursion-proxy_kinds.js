// Attack: asks a hundred thousand proxies every question there is
// expect: EXECUTION_ERROR
// within: 3000
// Why it matters: each operation on a proxy is its own native recursion, and each needs its own check.
let p = {};
for (let i = 0; i < 1e5; i++) p = new Proxy(p, {});
const questions = [
  () => 'x' in p, () => { p.x = 1; }, () => delete p.x, () => Object.keys(p), () => Array.isArray(p),
  () => Object.getPrototypeOf(p), () => Object.setPrototypeOf(p, null), () => Object.isExtensible(p),
  () => Object.preventExtensions(p), () => Object.defineProperty(p, 'x', { value: 1 }),
  () => Object.getOwnPropertyDescriptor(p, 'x'), () => p instanceof Object, () => ({ ...p }),
];
let failed = 0;
for (const ask of questions) {
  try {
    ask();
  } catch {
    failed++;
  }
}
throw new Error(failed + ' of ' + questions.length);
