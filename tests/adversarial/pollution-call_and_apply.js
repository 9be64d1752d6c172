// Attack: replaces call, apply and Reflect
// expect: ok [5,1,"ada",0]
// within: 5000
// Why it matters: library code that calls through Function.prototype.call calls the handler's instead.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
const mine = () => { throw new Error('mine'); };
const Function = mine.constructor;
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = mine;
let changed = 0;
for (const kind of [Object, Array, Reflect, JSON, Math, String])
  for (const name of Reflect.ownKeys(kind))
    if (typeof kind[name] === 'function') changed += tried(() => { kind[name] = mine; });
return [$state.count, $state.items[0].id, $state.name, changed];
