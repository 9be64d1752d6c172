// Attack: awaits nothing in an endless loop
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the queue never runs dry, so a host that waits for it waits for ever.
for (;;) await 0;
