// Removes the globals that handlers must not have and freezes what all code of a run shares, last of all when
// the base image is made. What a handler plants on a
// prototype would otherwise work in the host's own code (bootstrap.js), in what syntax does unasked (iteration, await,
// template strings), and in the parts of a handler that know nothing of each other: a pasted snippet, a
// later segment. Capturing each method in use beforehand cannot cover syntax; freezing costs a run nothing and
// the image the function objects that the engine would make on first use (docs/GUEST.md has the figures).
(function () {
  'use strict';

  const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor } = Reflect;
  const { freeze, seal, defineProperty } = Object;
  const global = globalThis;

  for (const name of ['eval', 'Function', 'globalThis', 'Atomics', 'SharedArrayBuffer', 'queueMicrotask'])
    delete global[name];

  // Their members stay assignable, because objects get a member of the same name by plain assignment all the
  // time (`error.name = 'Gone'`, `counts[word] = 1`), which a read-only member up the chain would forbid.
  // Sealed, they take neither a setter nor a new name. What syntax asks a list for is read-only all the same.
  const assignable = new Set([Object.prototype, getPrototypeOf(freeze), Array.prototype]);
  for (const name of ['constructor', Symbol.iterator])
    defineProperty(Array.prototype, name, { writable: false });
  for (const each of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError])
    assignable.add(each.prototype);

  const done = new Set([global, global.$state, global.$ext]);
  function harden(value) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || done.has(value)) return;
    done.add(value);
    harden(getPrototypeOf(value));
    for (const key of ownKeys(value)) {
      const member = getOwnPropertyDescriptor(value, key);
      harden(member.value);
      harden(member.get);
      harden(member.set);
    }
    (assignable.has(value) ? seal : freeze)(value);
  }

  for (const name of ownKeys(global)) {
    harden(global[name]);
    defineProperty(global, name, { writable: false, configurable: false });
  }
  // What only syntax and methods lead to.
  for (const hidden of [
    function* () {}, async () => {}, async function* () {}, [].values(), ''[Symbol.iterator](),
    new Map().keys(), new Set().keys(), ''.matchAll(/x/g),
  ]) harden(getPrototypeOf(hidden));
});
