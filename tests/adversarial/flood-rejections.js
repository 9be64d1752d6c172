// Attack: leaves ten thousand promises rejected and unhandled
// expect: ok 1
// within: 5000
// Why it matters: each unhandled rejection is a warning in the log.
for (let i = 0; i < 10000; i++) Promise.reject(new Error('lost ' + i));
return 1;
