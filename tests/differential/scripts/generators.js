function* inner() { yield 'i1'; return 'done'; }
function* g(a) { try { const b = yield a; print('got', b); const c = yield* inner(); print('inner', c); yield b; } finally { print('cleanup'); yield 'late'; } }
const it = g('a');
print(JSON.stringify([it.next('x'), it.next('b'), it.next(), it.return('r'), it.next(), it.next()]));
const t = g(1);
t.next();
try { print(JSON.stringify(t.throw(new Error('t')))); t.next(); } catch (e) { print(e.message); }
