class List extends Array { sum() { return this.reduce((a, b) => a + b, 0); } }
const l = List.from([1, 2, 3]);
print(l.sum(), l.map((x) => x * 2) instanceof List, l.length, Array.isArray(l), l.filter(Boolean).sum());
class Oops extends Error { constructor(m, code) { super(m, { cause: 'why' }); this.name = 'Oops'; this.code = code; } }
try { throw new Oops('x', 5); } catch (e) { print(e instanceof Oops, e instanceof Error, String(e), e.code, e.cause); }
class M extends Map { get(k) { return super.get(k) ?? 'none'; } }
print(new M([[1, 2]]).get(1), new M().get(1));
