// Attack: refuses to be closed: spins in the finally that closing runs
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: leaving a loop early runs the handler's code in a place where nobody expects it.
const stuck = (function* () {
  try {
    yield 1;
  } finally {
    while (true);
  }
})();
for (const each of stuck) break;
