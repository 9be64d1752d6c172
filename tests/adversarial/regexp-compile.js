// Attack: compiles expressions with huge counted repetitions
// expect: TIMEOUT|MEMORY_LIMIT|EXECUTION_ERROR|ok undefined
// within: 3000
// Why it matters: the expression compiler copies what is repeated, so a short text becomes a large program.
for (let n = 100; n < 60000; n += 100) {
  try {
    new RegExp('(?:a?b?c?){' + n + '}'.repeat(1) + 'x{' + n + ',}');
    new RegExp('(?:' + '(x{' + n + '})?'.repeat(50) + '){' + n + '}');
  } catch {}
}
