// Attack: stores a handle inside what it stands for, doubling it each time
// expect: RESOURCE_LIMIT|STATE_ERROR|MEMORY_LIMIT|SERIALIZATION_ERROR|TIMEOUT
// within: 8000
// timeout: 3000
// Why it matters: each copy contains the one before twice: thirty statements make a gigabyte.
for (let i = 0; i < 60; i++) $state.config['k' + i] = $state.config;
