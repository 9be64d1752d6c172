(async () => { print(1); await null; print(4); await new Promise((r) => { r(); }); print(7); })();
Promise.resolve().then(() => print(5)).then(() => print(8));
print(2);
(async () => { print(3); await undefined; print(6); })();
new Promise((r) => r(Promise.resolve())).then(() => print('late'));
