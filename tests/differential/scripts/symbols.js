const s = Symbol('d');
print(String(s), s.description, Symbol.for('k') === Symbol.for('k'), Symbol.keyFor(Symbol.for('k')), typeof s, ({ [s]: 1 })[s]);
class E { static [Symbol.hasInstance](x) { return x === 1; } get [Symbol.toStringTag]() { return 'Tag'; } [Symbol.toPrimitive](hint) { return hint; } }
print(1 instanceof E, Object.prototype.toString.call(new E()), `${new E()}`, +new E(), new E() + '');
