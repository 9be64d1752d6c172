Promise.resolve(1).then((v) => { print('then', v); throw 2; }).catch((v) => print('catch', v)).finally(() => print('finally'));
print('sync');
Promise.all([1, Promise.resolve(2), { then: (r) => r(3) }]).then((v) => print('all', v));
Promise.allSettled([Promise.reject(1), 2]).then((v) => print(JSON.stringify(v)));
Promise.race([new Promise(() => {}), Promise.resolve('r')]).then(print);
Promise.any([Promise.reject(1)]).catch((e) => print(e.name, e.errors));
