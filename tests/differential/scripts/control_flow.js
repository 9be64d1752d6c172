out: for (let i = 0; i < 4; i++) for (let j = 0; ; j++) { if (j === 2) continue out; if (i === 2) break out; print(i, j); }
let n = 3;
do { print(n); } while (--n);
for (const v of [1, '1', null, 5, NaN]) switch (v) { case 1: print('one'); case '1': print('text'); break; default: print('other'); case null: print('null'); }
for (const k in { b: 1, a: 2, 1: 3, __proto__: { inherited: 1 } }) print(k);
