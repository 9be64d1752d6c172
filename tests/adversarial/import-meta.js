// Attack: asks where it was loaded from
// expect: COMPILATION_ERROR
// within: 5000
// Why it matters: the path of a handler is the host's business.
return import.meta;
