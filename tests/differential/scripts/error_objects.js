const e = new TypeError('m');
print(Object.keys(e), e.toString(), e.name, Object.getPrototypeOf(TypeError) === Error, Error.prototype.toString.call({ name: 'N', message: 'M' }));
print(new Error(undefined).hasOwnProperty('message'), typeof e.stack, new Error('a', { cause: 0 }).cause, new AggregateError(new Set([1, 2])).errors.length);
