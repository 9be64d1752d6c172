var o = { p: 1 };
with (o) { p = 2; var q = 3; }
print(o.p, typeof q, o.q, (function () { return this === globalThis; })(), (function () { 'use strict'; return this; })());
implicit = 5;
print(globalThis.implicit, delete globalThis.implicit, typeof implicit);
function args(a) { arguments[0] = 9; return a; }
print(args(1), 010, '\101');
