// Attack: revokes the proxy while it is being encoded
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: what was a list when it was asked is nothing when it is read.
const { proxy, revoke } = Proxy.revocable([1, 2], { get(target, key) { if (key === '0') revoke(); return target[key]; } });
return [proxy];
