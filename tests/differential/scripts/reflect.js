print(Reflect.apply(Math.max, null, [1, 2]), Reflect.construct(Date, [0]).getTime(), Reflect.has({ x: 1 }, 'x'), Reflect.get({ get x() { return this.y; } }, 'x', { y: 5 }));
print(Reflect.set(Object.freeze({ a: 1 }), 'a', 2), Reflect.ownKeys({ b: 1, a: 1, 1: 1 }), Reflect.defineProperty({}, 'x', { value: 1 }), Reflect.isExtensible(Object.seal({})));
