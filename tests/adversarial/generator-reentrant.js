// Attack: calls a generator from inside itself
// expect: ok ["TypeError",1]
// within: 5000
// Why it matters: a generator that runs twice at once has one frame for both.
let name;
const g = (function* () {
  try {
    g.next();
  } catch (error) {
    name = error.name;
  }
  yield 1;
})();
const { value } = g.next();
return [name, value];
