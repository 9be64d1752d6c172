// Attack: emits, in a getter, the object that is being emitted
// expect: EXECUTION_ERROR|RESOURCE_LIMIT
// within: 1500
// Why it matters: the encoder calls the handler back in the middle of its work, and the handler calls the
// encoder.
const o = { get self() { $emit('again', o); return 1; } };
$emit('first', o);
