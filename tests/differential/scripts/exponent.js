for (const a of [2, -2, 10, 0.5, -0, 0, NaN]) for (const b of [0, 1, 2, 3, -1, 10, -10]) print(a, b, a ** b);
let x = 3;
x **= 4;
print(x, (-2) ** 3);
