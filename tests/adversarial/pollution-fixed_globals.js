// Attack: tries to replace the API
// expect: ok [7,"TypeError"]
// within: 5000
// Why it matters: one part of a handler, a pasted snippet for example, must not take the API from the others.
const tries = [
  () => { $state = {}; }, () => { $emit = () => {}; }, () => { $ext = {}; }, () => { $args = {}; },
  () => { $args.n = 2; }, () => { $emit.toast = 1; }, () => { $view.focus = 1; },
];
let failed = 0;
let name;
for (const each of tries) {
  try {
    each();
  } catch (error) {
    failed++;
    name = error.name;
  }
}
return [failed, name];
