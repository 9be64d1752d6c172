// Attack: starts calls without waiting for any
// expect: RESOURCE_LIMIT
// within: 5000
// Why it matters: each open call holds memory, and perhaps a connection, of the host.
for (;;) $ext.api.never();
