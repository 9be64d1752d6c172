// Attack: writes the keys __proto__ and constructor of the state itself
// expect: ok ["STATE_ERROR","STATE_ERROR","STATE_ERROR"]
// within: 5000
// Why it matters: a name that every object has must not pass for a declared key.
const codes = [];
for (const key of ['__proto__', 'constructor', 'toString'])
  try {
    $state[key] = { evil: 1 };
  } catch (error) {
    codes.push(error.code);
  }
return codes;
