const { promise, resolve, reject } = Promise.withResolvers();
promise.then((v) => print('with', v));
resolve('first');
resolve('second');
reject('third');
