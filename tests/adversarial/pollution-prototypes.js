// Attack: puts keys and traps on the prototypes that everybody shares
// expect: ok 7
// within: 5000
// Why it matters: without pristine memory the next tenant's code runs on this tenant's prototypes.
const Function = (() => {}).constructor;
for (const shared of [Object, Array, Function, String, Number, Promise, RegExp, Error, Map, Date]) {
  shared.prototype.leak = 'secret';
  Object.defineProperty(shared.prototype, 'stolen', { get: () => $state.name });
}
Object.prototype.toString = () => 'mine';
Array.prototype.push = () => 0;
Object.freeze(Array.prototype);
$state.count = 7;
return $state.count;
