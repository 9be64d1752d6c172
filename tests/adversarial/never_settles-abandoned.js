// Attack: ends while sixty-four calls are open
// expect: ok 1
// within: 1500
// Why it matters: calls nobody waits for must end with the run.
for (let i = 0; i < 64; i++) $ext.api.never(i);
return 1;
