// Attack: replaces the methods of Map and WeakMap to catch what $state keeps in them
// expect: ok [[],3,0]
// within: 5000
// Why it matters: whoever catches the internals of the API can forge what they stand for.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
const caught = [];
let changed = 0;
for (const kind of [Map, WeakMap, Set, WeakSet])
  for (const name of ['get', 'set', 'has', 'delete', 'add'])
    if (kind.prototype[name])
      changed += tried(() => { kind.prototype[name] = (...args) => void caught.push(args.length); });
$state.items[0].tags.push('b');
$state.count = 3;
return [caught, $state.count, changed];
