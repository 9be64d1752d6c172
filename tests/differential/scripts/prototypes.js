function A(x) { this.x = x; }
A.prototype.get = function () { return this.x; };
function B(x) { A.call(this, x); }
B.prototype = Object.create(A.prototype, { constructor: { value: B } });
const b = new B(4);
print(b.get(), b instanceof A, A.prototype.isPrototypeOf(b), b.constructor.name, b.hasOwnProperty('x'), Object.hasOwn(b, 'get'));
const p = { __proto__: { inherited: 1 } };
print(p.inherited, Object.keys(p), Object.setPrototypeOf({}, null).toString);
try { Object.setPrototypeOf(Object.getPrototypeOf(p), p); } catch (e) { print(e.name, e.message); }
