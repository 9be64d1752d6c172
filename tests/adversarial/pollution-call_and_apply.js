// Attack: replaces call, apply and Reflect
// expect: ok [5,1,"ada"]
// within: 5000
// Why it matters: library code that calls through Function.prototype.call calls the handler's instead.
const mine = () => { throw new Error('mine'); };
const Function = mine.constructor;
Function.prototype.call = Function.prototype.apply = Function.prototype.bind = mine;
for (const name of Reflect.ownKeys(Reflect)) if (typeof name === 'string') Reflect[name] = mine;
Object.defineProperty = Object.freeze = Object.create = Object.setPrototypeOf = Array.isArray = mine;
return [$state.count, $state.items[0].id, $state.name];
