// Attack: writes a key without end
// expect: RESOURCE_LIMIT
// within: 3000
// Why it matters: each write is checked and copied by the host.
for (let i = 0; ; i++) $state.count = i;
