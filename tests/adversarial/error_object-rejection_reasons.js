// Attack: rejects with reasons that run code while they are logged
// expect: ok 1|RESOURCE_LIMIT|TIMEOUT
// within: 5000
// Why it matters: the warning is written after the handler's end, when nothing of it should run any more.
let promise;
const reason = { toString() { promise.catch(() => {}); for (let i = 0; i < 40; i++) Promise.reject(reason); return 'gone'; } };
promise = Promise.reject(reason);
Promise.reject({ toString() { throw reason; } });
Promise.reject(Object.create(null));
return 1;
