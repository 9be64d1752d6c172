// Attack: returns a revoked proxy
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: every operation on it throws, also those that usually cannot.
const { proxy, revoke } = Proxy.revocable([], {});
revoke();
return { proxy };
