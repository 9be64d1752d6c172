// Attack: asks for the clock, which costs no host call of the budget
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: what is not counted must be bounded by time: the stop has to come through between two host
// calls.
for (;;) Date.now();
