// Attack: writes through objects that inherit from handles, and through foreign receivers
// expect: ok [true,true]
// within: 5000
// Why it matters: the trap believes that it was called for its own object.
const heir = Object.create($state.items);
const before = JSON.stringify($state);
const attempts = [() => { heir.x = 1; }, () => Reflect.set($state.items, 'y', 1, {}), () => Reflect.get($state.config, 'deep', 7),
                  () => Object.assign(heir, { z: 1 }), () => { class A extends Array {} A.prototype.push.call($state.items[0], 1); }];
for (const each of attempts)
  try {
    each();
  } catch {}
const after = JSON.stringify($state);
await $ext.api.echo();
return [before.length <= after.length, after === JSON.stringify($state)];
