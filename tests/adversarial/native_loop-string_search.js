// Attack: searches a long text that almost matches everywhere
// expect: TIMEOUT
// within: 1500
// stops: signal
// Why it matters: string search is native and quadratic here: 10^11 comparisons in one call.
return 'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b');
