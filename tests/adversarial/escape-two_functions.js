// Attack: closes one function and opens another
// expect: COMPILATION_ERROR
// within: 5000
// Why it matters: it fits the wrapper of a declaration.
return 1;
}
async function second() {
  return 2;
