// Attack: asks the host for the time without end
// expect: RESOURCE_LIMIT
// within: 3000
// Why it matters: a host call leaves the sandbox: it is the most expensive thing a handler can do cheaply.
for (;;) $time.now();
