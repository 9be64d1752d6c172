// Attack: replaces the iterators of arrays and strings
// expect: ok ["a","b"]
// within: 5000
// Why it matters: a spread or a for-of in the API would run the handler's iterator.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
const mine = function* () { throw new Error('mine'); };
for (const kind of [Array, String, Map, Set, Object.getPrototypeOf(Uint8Array)])
  tried(() => { kind.prototype[Symbol.iterator] = mine; });
for (const iterable of [[], '', new Map(), new Set(), mine(), 'x'.matchAll(/x/g)])
  tried(() => { Object.getPrototypeOf(iterable[Symbol.iterator]()).next = mine; });
$log('a', 'b');
$emit('x', ['y']);
$view.getElementById('e').call('m', 1, 2);
$state.items = [...'a'];
$state.items.push('b');
return $state.items;
