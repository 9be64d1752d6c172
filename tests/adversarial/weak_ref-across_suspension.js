// Attack: keeps weak references across a suspension
// expect: ok [true,"alive"]
// within: 5000
// Why it matters: the references are addresses, and the memory comes back in another instance.
const target = { state: 'alive' };
const weak = new WeakRef(target);
await $ext.api.echo();
return [weak.deref() === target, weak.deref().state];
