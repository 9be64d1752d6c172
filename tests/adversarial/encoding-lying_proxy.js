// Attack: returns a proxy that says it is a list of two billion elements
// expect: TIMEOUT|MEMORY_LIMIT|RESOURCE_LIMIT|SERIALIZATION_ERROR
// within: 5000
// timeout: 1000
// Why it matters: the encoder believes a length that costs the handler nothing.
return new Proxy([], { get: (target, key) => (key === 'length' ? 2147483647 : null) });
