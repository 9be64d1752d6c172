for (const v of [-2.5, -1.5, -0.5, -0, 0, 0.5, 1.5, 2.5, 1e16, NaN, Infinity])
  print(v, Math.floor(v), Math.ceil(v), Math.round(v), Math.trunc(v), Math.sign(v), Math.abs(v), Math.fround(v), Math.clz32(v), Math.sqrt(v));
print(Math.max(), Math.min(), Math.max(1, NaN), Math.imul(0xffffffff, 5), Object.is(Math.min(0, -0), -0));
