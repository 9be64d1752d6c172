function f(n) {
  try { if (n === 0) throw new TypeError('t'); if (n === 1) return 'r'; } catch (e) { return e.message; } finally { print('f', n); if (n === 2) return 'over'; }
  return 'end';
}
print(f(0), f(1), f(2), f(3));
try { try { throw 1; } finally { print('inner'); } } catch { print('outer'); }
for (const g of [() => null.x, () => undefined.f(), () => (void 0)(), () => ({}).a.b, () => x.y, () => new 5(), () => ({}) instanceof 5, () => 'a' in 'b', () => Symbol() + ''])
  try { g(); } catch (e) { print(e.name, e.message); }
