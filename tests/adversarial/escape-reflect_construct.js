// Attack: compiles text through Reflect.construct, bind and a derived class
// expect: ok 3
// within: 5000
// Why it matters: the constructor can be called in more ways than one.
const F = (() => {}).constructor;
let refused = 0;
for (const each of [() => Reflect.construct(F, ['return 1'], Object)(), () => F.bind(null, 'a', 'return a')()(1),
                    () => new (class extends F {})('return 1')()])
  try {
    each();
  } catch {
    refused++;
  }
return refused;
