// Attack: writes when an answer comes after the handler has returned
// expect: ok 1
// within: 5000
// Why it matters: a run that has ended must not change anything any more.
$ext.api.never().then(() => { $state.count = 99; });
$ext.api.echo().then(() => { $state.count = 98; });
return 1;
