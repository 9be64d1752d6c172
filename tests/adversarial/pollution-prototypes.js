// Attack: puts keys and traps on the prototypes that everybody shares
// expect: ok [7,0]
// within: 5000
// Why it matters: without pristine memory the next tenant's code runs on this tenant's prototypes.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
const Function = (() => {}).constructor;
let changed = 0;
for (const shared of [Object, Array, Function, String, Number, Promise, RegExp, Error, Map, Date]) {
  changed += tried(() => { shared.prototype.leak = 'secret'; });
  changed += tried(() => { shared.prototype.__proto__.leak = 'secret'; });
  changed += tried(() => Object.defineProperty(shared.prototype, 'stolen', { get: () => $state.name }));
  changed += tried(() => Object.setPrototypeOf(shared.prototype, null)) && shared !== Object;
}
Object.prototype.toString = () => 'mine';
$state.count = 7;
return [$state.count, changed];
