// Attack: reads through a hundred thousand proxies
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
let p = {};
for (let i = 0; i < 1e5; i++) p = new Proxy(p, {});
return p.x;
