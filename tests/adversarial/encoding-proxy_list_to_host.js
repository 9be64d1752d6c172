// Attack: emits such a list of a size within the limits, again and again
// expect: RESOURCE_LIMIT|TIMEOUT
// within: 8000
// timeout: 5000
// Why it matters: a list that takes no memory in the guest takes forty bytes for each element in the host.
const list = new Proxy([], { get: (target, key) => (key === 'length' ? 1e6 : null) });
for (let i = 0; i < 99; i++) $emit('x', list);
