// Attack: starts a call while the result is being encoded
// expect: ok {"a":1}
// within: 5000
// Why it matters: nobody is left to wait for it.
return { get a() { $ext.api.never(); return 1; } };
