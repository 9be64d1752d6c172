// Attack: imports without end and catches each refusal
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: each attempt allocates names and promises.
for (let i = 0; ; i++) {
  try {
    await import('./' + (i % 100));
  } catch {}
}
