// Attack: gives the state another prototype
// expect: ok ["TypeError","TypeError","TypeError","TypeError"]
// within: 5000
// Why it matters: a prototype is a second state that no host call sees.
const names = [];
for (const each of [$state, $state.items, $state.config])
  try {
    Object.setPrototypeOf(each, { evil: 1 });
  } catch (error) {
    names.push(error.name);
  }
try {
  Object.freeze($state.items);
} catch (error) {
  names.push(error.name);
}
return names;
