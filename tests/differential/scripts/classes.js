class P {
  #s = 1; static count = 0; static #hidden = 5; static { P.count += P.#hidden; }
  constructor(n) { this.n = n; }
  get s() { return this.#s; } set s(v) { this.#s = v; }
  #priv() { return 'p' + this.#s; } call() { return this.#priv(); }
  static is(o) { return #s in o; } ['c' + 1]() { return 1; }
}
class Q extends P { constructor() { super('q'); this.s = 7; } call() { return 'Q' + super.call(); } toString() { return `Q(${this.n})`; } }
const q = new Q();
print(q.call(), `${q}`, P.count, P.is(q), P.is({}), q.c1(), Q.name, typeof P, Object.getOwnPropertyNames(P.prototype));
for (const f of [() => P(), () => new (class extends P { constructor() { this.x = 1; } })(), () => P.prototype.call.call({})])
  try { f(); } catch (e) { print(e.name, e.message); }
