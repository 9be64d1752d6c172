// Attack: throws an error that claims to be a time-out
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: a forged limit would make the operator tune the wrong thing and clients retry.
throw Object.assign(new Error('mine'), { code: 'TIMEOUT', name: 'TIMEOUT' });
