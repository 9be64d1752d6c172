// Attack: puts setters for the names and places the API uses inside on the shared prototypes
// expect: ok {"deep":{"n":2}}
// within: 5000
// Why it matters: an assignment inside the API would call the setter, and lose what it assigns.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
for (const name of ['path', 'list', 'code', 'message', 'value', 'type', 'args', 'key', 'then', 'length', 'get', 'toString'])
  tried(() => Object.defineProperty(Object.prototype, name, { __proto__: null, set() { throw new Error('caught ' + name); } }));
$state.config.deep.n = 2;
return $state.config;
