// Attack: replaces what can be replaced, the methods that every object inherits
// expect: ok ["{}","StateError",{"deep":{"n":2}},"no",[],true]
// within: 5000
// Why it matters: log lines, errors and state writes of the handler's other parts would say what the attacker likes.
const mine = () => 'mine';
for (const shared of [Object.prototype, Array.prototype, (() => {}).constructor.prototype, Error.prototype, TypeError.prototype])
  for (const name of Reflect.ownKeys(shared))
    try { if (typeof shared[name] !== 'object') shared[name] = mine; } catch { /* an accessor */ }
$log({}, new Error('x'), Object.create(null));
$state.config.deep.n = 2;
$state.items.push(1);
$state.items.splice(0, 3);
let name;
try { $state.items[9] = 1; } catch (error) { name = error.name; }
let failure;
try { await $ext.api.fail(); } catch (error) { failure = error.message; }
return [JSON.stringify({}), name, $state.config, failure, [...$state.items], 'get' in $ext.api || 'echo' in $ext.api];
