function f(a, b = a + 1, ...rest) { return [a, b, rest.length, arguments.length].join(); }
print(f(1), f(1, undefined, 3, 4), f.length, f.name, (() => {}).name, (function () { return typeof this; })());
print(f.call(null, 9), f.apply(null, [1, 2, 3]), f.bind(null, 5)(6), f.bind(null, 5).name, ((a, { b, c = 3 } = {}) => [a, b, c])(1));
print((function fact(n) { return n < 2 ? 1 : n * fact(n - 1); })(20), f.toString());
