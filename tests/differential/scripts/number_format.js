for (const v of [0, 1, -1.5, 123.456, 1e21, 1e-7, 0.000001, 1 / 3, 123456789012345680000, 5e-324, 4.35, 1.005, 1e100]) {
  print(v, v.toString(2).slice(0, 60), v.toString(36), v.toPrecision(3), v.toExponential(4));
  if (Math.abs(v) < 1e21) print(v.toFixed(0), v.toFixed(2), v.toFixed(10));
}
