for (const a of [0, 1, -1, 2147483647, -2147483648, 4294967295, 1e10, NaN, 3.7])
  for (const b of [0, 1, 5, 31, 32, 33, -1]) print(a & b, a | b, a ^ b, ~a, a << b, a >> b, a >>> b);
