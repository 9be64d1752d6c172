// Attack: allocates in every finally on the way out
// expect: MEMORY_LIMIT
// within: 5000
// Why it matters: unwinding runs the handler's code again, with less memory than before.
const a = [];
const more = () => {
  try {
    for (;;) a.push(new Uint8Array(1 << 20).fill(1));
  } finally {
    more();
  }
};
more();
