// Attack: returns a proxy with a million members
// expect: TIMEOUT|MEMORY_LIMIT|RESOURCE_LIMIT|EXECUTION_ERROR
// within: 8000
// timeout: 3000
// Why it matters: reading the members of a value is one native call.
const keys = Array.from({ length: 1e6 }, (_, i) => 'k' + i);
return new Proxy({}, {
  ownKeys: () => keys,
  getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
});
