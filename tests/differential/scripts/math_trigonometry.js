for (let i = -60; i <= 60; i++) {
  const v = i * 0.731;
  print(Math.sin(v), Math.cos(v), Math.tan(v), Math.atan(v), Math.atan2(v, 3), Math.sin(v * 1e9));
}
for (let i = -10; i <= 10; i++) print(Math.asin(i / 10), Math.acos(i / 10), Math.atanh(i / 10.5));
