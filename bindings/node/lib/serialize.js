'use strict';

function refuse(path, what) {
  return Object.assign(new TypeError(`${path}: ${what} cannot be handed to a handler`), { code: 'SERIALIZATION_ERROR' });
}

function problem(value) {
  switch (typeof value) {
    case 'bigint': return 'a BigInt';
    case 'function': return 'a function';
    case 'symbol': return 'a symbol';
    case 'number': return Number.isFinite(value) ? undefined : String(value);
    case 'object':
      if (value instanceof Map) return 'a Map';
      if (value instanceof Set) return 'a Set';
  }
  return undefined;
}

// Where in `root` the first value lies that `problem` names, or a cycle. Only for messages.
function find(root, path, above) {
  const what = problem(root);
  if (what !== undefined) return [path, what];
  if (root === null || typeof root !== 'object' || typeof root.toJSON === 'function') return undefined;
  if (above.includes(root)) return [path, 'a cycle'];
  for (const [key, value] of Object.entries(root)) {
    const step = Array.isArray(root) ? `[${key}]` : `.${key}`;
    const found = find(value, path + step, [...above, root]);
    if (found) return found;
  }
  return undefined;
}

// JSON of what a handler may get: undefined is dropped in objects and null in lists, a Date is its ISO text. Throws a
// TypeError with the code SERIALIZATION_ERROR and the path for anything that JSON has no form for.
function serialize(name, value) {
  try {
    return JSON.stringify(value, (key, member) => {
      if (problem(member) !== undefined) throw new TypeError();
      return member;
    });
  } catch (error) {
    const found = find(value, name, []);
    throw found ? refuse(...found) : error;
  }
}

module.exports = { serialize };
