// Attack: replaces the iterators of arrays and strings
// expect: ok ["a","b"]
// within: 5000
// Why it matters: a spread or a for-of in the API would run the handler's iterator.
const mine = function* () { throw new Error('mine'); };
Array.prototype[Symbol.iterator] = String.prototype[Symbol.iterator] = mine;
Map.prototype[Symbol.iterator] = Set.prototype[Symbol.iterator] = mine;
Object.getPrototypeOf(function* () {}.prototype).next = mine;
$log('a', 'b');
$emit('x', ['y']);
$view.getElementById('e').call('m', 1, 2);
$state.items = ['a'];
$state.items.push('b');
return $state.items;
