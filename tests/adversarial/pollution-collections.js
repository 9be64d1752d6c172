// Attack: replaces the methods of Map and WeakMap to catch what $state keeps in them
// expect: ok [[],3]
// within: 5000
// Why it matters: whoever catches the internals of the API can forge what they stand for.
const caught = [];
for (const kind of [Map, WeakMap, Set, WeakSet])
  for (const name of ['get', 'set', 'has', 'delete', 'add']) {
    if (kind.prototype[name]) kind.prototype[name] = (...args) => void caught.push(args.length);
  }
$state.items[0].tags.push('b');
$state.count = 3;
return [caught, $state.count];
