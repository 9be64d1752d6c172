// Attack: imports the modules that the engine could have
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: a module loader is a file system.
await import('std');
