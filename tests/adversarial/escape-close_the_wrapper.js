// Attack: closes the function the handler is wrapped in
// expect: COMPILATION_ERROR
// within: 5000
// Why it matters: what stands outside the wrapper runs when the handler is loaded, not when it is called.
});
$log('outside');
(async () => {
