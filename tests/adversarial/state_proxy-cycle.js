// Attack: stores a value that contains itself
// expect: SERIALIZATION_ERROR
// within: 5000
// Why it matters: the encoder follows it for ever.
const o = { list: [] };
o.list.push(o);
$state.config = o;
