// Attack: spins again in every finally after it was stopped
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: finally blocks run while the stop unwinds, unless the host never lets them.
const spin = async () => {
  try {
    while (true);
  } finally {
    while (true);
  }
};
await Promise.allSettled([spin(), spin(), spin()]);
for (;;) await Promise.any([spin()]).finally(spin);
