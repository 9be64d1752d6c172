// The globals a handler sees, built once while the base image is made. `native` holds the functions of
// natives.c; nothing here is a security boundary: the host checks every call again. What this code uses of the
// language is frozen by harden.js before the first handler runs, so that plain calls are safe; only the members
// of the prototypes of Object, Function, Array and the errors can be replaced: what is used of them is captured.
(function (native) {
  'use strict';

  const { apply, ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { isArray } = Array;
  const { freeze, defineProperty, create, setPrototypeOf } = Object;
  const { stringify } = JSON;
  const { toString } = Object.prototype;
  const arrayPrototype = Array.prototype;
  const { slice, join, includes } = arrayPrototype;
  // child(path, key) is the path one step longer; define(target, key, value) makes an own property, also where
  // assignment would not (`__proto__`).
  const { PATCH_SET, PATCH_DELETE, PATCH_APPEND, child, define } = native;

  const isContainer = (value) => typeof value === 'object' && value !== null;

  // ---- $state ------------------------------------------------------------------------------------
  // Top-level values are read once per segment and kept here; the handler's own writes keep the copy
  // true. After a suspension everything is read again, because others may have changed it.

  let segment = 0;
  let roots = new Map();
  let handles = new WeakMap();

  function refresh() {
    if (segment !== native.segment()) {
      segment = native.segment();
      roots = new Map();
      handles = new WeakMap();
    }
  }

  function readRoot(key) {
    refresh();
    if (roots.has(key)) return roots.get(key);
    const value = native.stateGet(key);
    roots.set(key, value);
    return value;
  }

  function describe(path) {
    let text = '$state.' + path[0];
    for (let i = 1; i < path.length; i++)
      text += typeof path[i] === 'number' ? '[' + path[i] + ']' : '.' + path[i];
    return text;
  }

  function fail(code, message) {
    const error = new Error(message);
    error.name = 'StateError';
    error.code = code;
    return error;
  }

  // What `path` names now. A handle taken before a suspension is a live path: when what it named is gone
  // or has become something else, using it is an error rather than a write to nowhere.
  function resolve(path, list) {
    let value = readRoot(path[0]);
    for (let i = 1; i < path.length; i++) {
      if (!isContainer(value) || getOwnPropertyDescriptor(value, path[i]) === undefined)
        throw fail('STATE_ERROR', describe(path) + ' no longer exists');
      value = value[path[i]];
    }
    if (!isContainer(value) || isArray(value) !== list)
      throw fail('STATE_ERROR', describe(path) + ' is no longer ' + (list ? 'a list' : 'an object'));
    return value;
  }

  function expose(value, path) {
    if (!isContainer(value)) return value;
    let handle = handles.get(value);
    if (handle === undefined) {
      const list = isArray(value);
      handle = new Proxy(list ? [] : {}, new Handle(path, list));
      handles.set(value, handle);
    }
    return handle;
  }

  // Array indices travel as numbers, member names as strings.
  function step(list, key) {
    if (!list) return key;
    const index = key >>> 0;
    return String(index) === key && index !== 4294967295 ? index : key;
  }

  // Methods that change a list run on the local copy and reach the host as one change. The number tells
  // which arguments become part of the list: from this one on.
  const listMethods = create(null);
  const changing = { pop: 0, shift: 0, unshift: 0, splice: 2, sort: 9, reverse: 9, fill: 0, copyWithin: 9 };
  for (const name of ownKeys(changing)) {
    const method = arrayPrototype[name];
    const kept = changing[name];
    const taken = name === 'fill' ? 1 : 4294967295;
    listMethods[name] = (path, handle) => function (...args) {
      const list = resolve(path, true);
      const before = apply(slice, list, []);
      let result;
      try {
        for (let i = kept; i < args.length && i < taken; i++) args[i] = native.plain(args[i]);
        result = apply(method, list, args);
        native.statePatch(PATCH_SET, path, list);
      } catch (error) {
        list.length = 0;
        for (let i = 0; i < before.length; i++) list[i] = before[i];
        throw error;
      }
      return result === list ? handle : result;
    };
  }
  listMethods.push = (path) => function (...items) {
    const list = resolve(path, true);
    const plain = native.plain(items);
    native.statePatch(PATCH_APPEND, path, plain);
    for (let i = 0; i < plain.length; i++) list[list.length] = plain[i];
    return list.length;
  };

  // The traps of a nested list or object.
  function Handle(path, list) {
    this.path = path;
    this.list = list;
  }
  setPrototypeOf(Handle.prototype, null);
  Handle.prototype.get = function (shadow, key, receiver) {
    const value = resolve(this.path, this.list);
    if (typeof key === 'symbol') return value[key];
    if (this.list && listMethods[key] !== undefined && value[key] === arrayPrototype[key])
      return listMethods[key](this.path, receiver);
    const found = value[key];
    return isContainer(found) && getOwnPropertyDescriptor(value, key) !== undefined
      ? expose(found, child(this.path, step(this.list, key)))
      : found;
  };
  Handle.prototype.set = function (shadow, key, value) {
    const target = resolve(this.path, this.list);
    if (typeof key === 'symbol') throw fail('STATE_ERROR', 'state keys are strings');
    if (this.list && key === 'length') {
      const shorter = apply(slice, target, [0, value]);
      if (shorter.length !== value)
        throw fail('STATE_ERROR', describe(this.path) + '.length can only be lowered');
      native.statePatch(PATCH_SET, this.path, shorter);
      target.length = value;
      return true;
    }
    const name = step(this.list, key);
    if (this.list && (typeof name !== 'number' || name > target.length))
      throw fail('STATE_ERROR', describe(this.path) + ' is a list of ' + target.length +
        ' elements: ' + stringify(key) + ' is not a place in it');
    const plain = native.plain(value);
    if (plain === undefined) return this.deleteProperty(shadow, key);
    native.statePatch(PATCH_SET, child(this.path, name), plain);
    define(target, key, plain);
    return true;
  };
  Handle.prototype.deleteProperty = function (shadow, key) {
    const target = resolve(this.path, this.list);
    if (typeof key === 'symbol' || getOwnPropertyDescriptor(target, key) === undefined) return true;
    if (this.list) throw fail('STATE_ERROR', 'use splice() to remove from ' + describe(this.path));
    native.statePatch(PATCH_DELETE, child(this.path, key));
    return delete target[key];
  };
  Handle.prototype.has = function (shadow, key) {
    return key in resolve(this.path, this.list);
  };
  Handle.prototype.ownKeys = function () {
    return ownKeys(resolve(this.path, this.list));
  };
  Handle.prototype.getOwnPropertyDescriptor = function (shadow, key) {
    const target = resolve(this.path, this.list);
    const found = getOwnPropertyDescriptor(target, key);
    if (found === undefined) return undefined;
    if (this.list && key === 'length') {
      shadow.length = found.value;
      return { __proto__: null, value: found.value, writable: true, enumerable: false, configurable: false };
    }
    return {
      __proto__: null,
      value: expose(found.value, child(this.path, step(this.list, key))),
      writable: true, enumerable: true, configurable: true,
    };
  };
  Handle.prototype.defineProperty = function (shadow, key, descriptor) {
    if (getOwnPropertyDescriptor(descriptor, 'value') === undefined)
      throw fail('STATE_ERROR', describe(this.path) + ' takes values, not accessors');
    return this.set(shadow, key, descriptor.value);
  };
  Handle.prototype.setPrototypeOf = Handle.prototype.preventExtensions = function () {
    return false;
  };

  // `$state.get('k')` and its like, for keys that are not themselves declared under that name.
  const stateMethods = create(null);
  const state = new Proxy({}, freeze({
    __proto__: null,
    get(shadow, key) {
      if (typeof key === 'symbol') return undefined;
      if (stateMethods[key] !== undefined && !native.stateDeclared(key)) return stateMethods[key];
      return expose(readRoot(key), [key]);
    },
    set(shadow, key, value) {
      if (typeof key === 'symbol') throw fail('STATE_ERROR', 'state keys are strings');
      refresh();
      native.stateSet(key, value);
      roots.delete(key);
      return true;
    },
    deleteProperty(shadow, key) {
      if (typeof key === 'symbol') return true;
      refresh();
      native.stateDelete(key);
      roots.delete(key);
      return true;
    },
    has(shadow, key) {
      return typeof key === 'symbol' ? false : native.stateHas(key);
    },
    ownKeys() {
      return native.stateKeys();
    },
    getOwnPropertyDescriptor(shadow, key) {
      if (typeof key === 'symbol' || !native.stateHas(key)) return undefined;
      return { __proto__: null, value: expose(readRoot(key), [key]), writable: true, enumerable: true, configurable: true };
    },
    defineProperty(shadow, key, descriptor) {
      if (typeof key === 'symbol' || getOwnPropertyDescriptor(descriptor, 'value') === undefined)
        throw fail('STATE_ERROR', '$state takes values under string keys only');
      native.stateSet(key, descriptor.value);
      refresh();
      roots.delete(key);
      return true;
    },
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  }));

  function stateKey(key) {
    if (typeof key !== 'string') throw new TypeError('a state key is a string, not ' + typeof key);
    return key;
  }
  stateMethods.get = (key) => state[stateKey(key)];
  stateMethods.set = (key, value) => {
    state[stateKey(key)] = value;
  };
  stateMethods.delete = (key) => delete state[stateKey(key)];
  stateMethods.has = (key) => native.stateHas(stateKey(key));
  stateMethods.keys = () => native.stateKeys();
  stateMethods.update = (key, change) => (state[stateKey(key)] = change(state[key]));

  // ---- $emit, $view, $log, $time -------------------------------------------------------------------

  const emit = (name, payload) => {
    if (typeof name !== 'string') throw new TypeError('an event name is a string, not ' + typeof name);
    native.emit(name, payload);
  };
  emit.toast = (message, level = 'info') => emit('toast', { message, level });

  function viewCommand(type, id, args) {
    if (id !== undefined && typeof id !== 'string')
      throw new TypeError('a component id is a string, not ' + typeof id);
    native.view(type, id, args);
  }
  const view = {
    setFilter: (id, value) => viewCommand('setFilter', id, { value }),
    scrollTo: (id, position) => viewCommand('scrollTo', id, { position }),
    focus: (id) => viewCommand('focus', id, {}),
    command: (id, name, params = {}) => viewCommand('custom', id, { name, params }),
    getElementById: (id) => freeze({
      setProp: (prop, value) => viewCommand('setProp', id, { prop, value }),
      call: (method, ...args) => viewCommand('call', id, { method, args }),
    }),
  };

  function show(value) {
    if (typeof value === 'string') return value;
    if (value instanceof Error) return value.stack ? String(value) + '\n' + value.stack : String(value);
    if (typeof value === 'object' && value !== null) {
      try {
        return stringify(value);
      } catch {
        return apply(toString, value, []);
      }
    }
    return typeof value === 'function' ? '[function]' : String(value);
  }
  const logger = (level) => (...parts) => {
    for (let i = 0; i < parts.length; i++) parts[i] = show(parts[i]);
    native.log(level, apply(join, parts, [' ']));
  };
  const log = logger(1);
  log.debug = logger(0);
  log.info = logger(1);
  log.warn = logger(2);
  log.error = logger(3);

  const time = { now: () => native.now() };

  // ---- $ext --------------------------------------------------------------------------------------

  const extMethods = create(null);
  extMethods.exists = (name) => native.extExists(String(name));
  extMethods.methods = (name) => native.extMethods(String(name));
  extMethods.list = () => native.extList();

  // `then` stays undefined so that awaiting $ext or an extension itself is harmless.
  const extension = (alias) => new Proxy(create(null), freeze({
    __proto__: null,
    get(shadow, method) {
      if (typeof method === 'symbol' || method === 'then') return undefined;
      return (...args) => native.extCall(alias, method, args);
    },
    has: (shadow, method) => typeof method === 'string' && apply(includes, native.extMethods(alias), [method]),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  }));
  const ext = new Proxy(create(null), freeze({
    __proto__: null,
    get(shadow, alias) {
      if (typeof alias === 'symbol' || alias === 'then') return undefined;
      if (native.extExists(alias)) return extension(alias);
      return extMethods[alias];
    },
    has: (shadow, alias) => typeof alias === 'string' && native.extExists(alias),
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  }));

  // ---- the global object ---------------------------------------------------------------------------

  const global = globalThis;
  const fixed = (name, value) =>
    defineProperty(global, name, { value, writable: false, enumerable: false, configurable: false });
  fixed('$state', state);
  fixed('$emit', freeze(emit));
  fixed('$view', freeze(view));
  fixed('$log', freeze(log));
  fixed('$time', freeze(time));
  fixed('$ext', ext);

  // $args and $scope belong to one run: the shim defines them just before the handler starts, after
  // freezing what is in them.
  native.deepFreeze = function deepFreeze(value) {
    if (isContainer(value)) {
      for (const key of ownKeys(value)) deepFreeze(value[key]);
      freeze(value);
    }
  };
  fixed('NexusAPI', freeze({
    state, emit, view, log, time, ext,
    $state: state, $emit: emit, $view: view, $log: log, $time: time, $ext: ext,
    get args() { return global.$args; },
    get scope() { return global.$scope; },
    get $args() { return global.$args; },
    get $scope() { return global.$scope; },
  }));

  Math.random = native.random;
});
