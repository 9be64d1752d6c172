// Attack: uses symbols as keys of the state
// expect: ok ["undefined","STATE_ERROR","STATE_ERROR",false]
// within: 5000
// Why it matters: a symbol has no name that could be checked.
const s = Symbol('s');
const codes = [typeof $state[s]];
for (const target of [$state, $state.config])
  try {
    target[s] = 1;
  } catch (error) {
    codes.push(error.code);
  }
return [...codes, s in $state];
