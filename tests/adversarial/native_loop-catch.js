// Attack: wraps the endless native call in try and finally, and starts it again
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: a stop that arrives as an exception would be caught by the code it stops.
for (;;) {
  try {
    Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);
  } catch {
  } finally {
    continue;
  }
}
