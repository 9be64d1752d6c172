// Attack: logs without end
// expect: RESOURCE_LIMIT
// within: 3000
// Why it matters: an unbounded log fills the disk of every tenant.
for (;;) $log('spam');
