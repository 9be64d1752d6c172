// Attack: returns a text larger than any result may be
// expect: RESOURCE_LIMIT
// within: 5000
// Why it matters: the result is copied into the host.
return 'x'.repeat(6e6);
