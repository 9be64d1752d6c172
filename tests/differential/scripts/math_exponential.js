for (let i = -40; i <= 40; i++) {
  const v = i * 0.37;
  print(Math.exp(v), Math.expm1(v), Math.sinh(v), Math.cosh(v), Math.tanh(v), Math.asinh(v), Math.cbrt(v));
}
for (let i = 1; i <= 60; i++) {
  const v = i * i * 0.017;
  print(Math.log(v), Math.log2(v), Math.log10(v), Math.log1p(v), Math.acosh(1 + v), Math.hypot(v, i), Math.pow(v, 1.7));
}
