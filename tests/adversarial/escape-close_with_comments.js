// Attack: closes the wrapper and hides the rest in comments
// expect: COMPILATION_ERROR
// within: 5000
// Why it matters: a wrapper that is put together as text can be taken apart as text.
}) /*
*/ ; $log('outside'); void (async () => { //
