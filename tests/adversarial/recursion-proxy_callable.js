// Attack: calls and constructs through fifty thousand proxies
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
let f = function () {};
for (let i = 0; i < 5e4; i++) f = new Proxy(f, {});
try {
  new f();
} catch {}
f();
throw new Error('no limit met');
