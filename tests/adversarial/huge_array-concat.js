// Attack: concatenates arrays that say they are huge
// expect: MEMORY_LIMIT|TIMEOUT|EXECUTION_ERROR
// within: 5000
// timeout: 1000
// Why it matters: lengths are added before anything is copied.
const huge = { length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true };
try {
  [1].concat(huge, huge);
} catch {}
const a = new Array(4294967295);
return a.concat(a).length;
