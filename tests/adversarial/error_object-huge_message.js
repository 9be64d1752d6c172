// Attack: throws an error with a message of megabytes
// expect: EXECUTION_ERROR|RESOURCE_LIMIT
// within: 5000
// Why it matters: messages go to logs, clients and screens.
throw new Error('x'.repeat(3e6));
