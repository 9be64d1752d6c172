// Attack: replaces the constructors that the API names
// expect: ok [0,{"deep":{"n":2}},"STATE_ERROR"]
// within: 5000
// Why it matters: an API that looks its own Proxy or String up when it needs them hands its insides to the handler.
const tried = (change) => { try { change(); return 1; } catch { return 0; } };
let changed = 0;
changed += tried(() => { Proxy = function (target, handler) { handler.path[0] = 'count'; }; });
changed += tried(() => { String = () => '0'; });
changed += tried(() => { Error = TypeError = function () { return { forged: true }; }; });
changed += tried(() => { Map = WeakMap = function () { return { has: () => true, get: () => 'mine' }; }; });
changed += tried(() => { Object = null; });
$state.config.deep.n = 2;
let code;
try { $state.items[9] = 1; } catch (error) { code = error.code; }
return [changed, $state.config, code];
