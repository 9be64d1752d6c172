// Attack: catches its own stack overflow at every level and goes on
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: each level that catches starts the climb again: exponential time out of a bounded stack.
function climb() {
  try {
    climb();
  } catch {
    climb();
  }
}
climb();
