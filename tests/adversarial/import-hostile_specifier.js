// Attack: imports what converts itself to a name, and names of a megabyte
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: the name is converted and copied in native code before it is refused.
try {
  await import({ toString() { throw new Error('x'); } });
} catch {}
await import('x'.repeat(1e6) + '\0../../etc/passwd');
