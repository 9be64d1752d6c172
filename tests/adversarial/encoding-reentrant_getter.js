// Attack: emits another value in a getter of the value that is being emitted
// expect: ok 2
// within: 5000
// Why it matters: two encodings in one buffer would mix the bytes of both.
const outer = {
  a: 'x'.repeat(300),
  get b() {
    $emit('inner', { c: 'y'.repeat(3000) });
    return { d: 'z'.repeat(300) };
  },
};
$emit('outer', outer);
return 2;
