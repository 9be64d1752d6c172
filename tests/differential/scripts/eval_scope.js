var g = 'global';
function f() { var g = 'local'; return [eval('g'), (0, eval)('g'), new Function('return g')()]; }
print(f(), eval('({a: 1})').a, Function('a', 'b', 'return a + b')(1, 2), new Function('...x', 'return x.length')(1, 2));
try { eval('let 1'); } catch (e) { print(e.name); }
