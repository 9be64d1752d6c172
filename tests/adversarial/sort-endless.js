// Attack: never answers in the comparator
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the comparator runs under a native frame that must be left as well.
[2, 1].sort(() => {
  while (true);
});
