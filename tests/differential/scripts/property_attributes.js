'use strict';
const o = Object.defineProperty({}, 'x', { value: 1, enumerable: true });
for (const f of [() => { o.x = 2; }, () => { delete o.x; }, () => Object.defineProperty(o, 'x', { value: 2 }),
    () => { Object.freeze([1]).push(2); }, () => { Object.preventExtensions({}).y = 1; }, () => { undefinedVariable = 1; }])
  try { f(); print('ok'); } catch (e) { print(e.name, e.message); }
print(JSON.stringify(Object.getOwnPropertyDescriptor(o, 'x')), Object.isFrozen(Object.freeze({})), Object.isSealed(Object.seal({ a: 1 })));
