const a = 123456789012345678901234567890n, b = 987654321n;
print(a + b, a - b, a * b, a / b, a % b, a ** 5n, -a, a << 70n, a >> 13n, a & b, a | b, a ^ b, ~a);
print(BigInt('0xffffffffffffffffffff'), BigInt.asIntN(64, a), BigInt.asUintN(64, -1n), a > 5, 5n == 5, a.toString(36), BigInt(1e21));
for (const f of [() => 1n + 1, () => BigInt(1.5), () => 1n / 0n, () => +1n]) try { print(f()); } catch (e) { print(e.name, e.message); }
