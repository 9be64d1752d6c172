// Attack: walks up the stack with arguments.callee and caller
// expect: ok ["TypeError","TypeError"]
// within: 5000
// Why it matters: the frames above the handler belong to the host's side of the guest.
const names = [];
(function () {
  for (const each of [() => arguments.callee, () => (function f() { return f.caller; })()])
    try {
      each();
      names.push('none');
    } catch (error) {
      names.push(error.name);
    }
})();
return names;
