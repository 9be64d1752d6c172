// Attack: throws an error that claims to be the host's own
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: an internal error wakes an operator at night.
throw Object.assign(new Error('mine'), { code: 'INTERNAL_ERROR' });
