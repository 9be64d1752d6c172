// Attack: never comes back from a getter during encoding
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the encoder's buffer belongs to nobody while the stop unwinds.
return { a: 'x'.repeat(1e5), get b() { while (true); } };
