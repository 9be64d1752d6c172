const vs = [0, '', '0', 'a', null, undefined, true, [], [1], {}, NaN, '1', 1];
print(vs.map((a) => vs.map((b) => (a == b ? 1 : 0)).join('')).join(' '));
print(vs.map((v) => +v), vs.map(String), vs.map(Boolean), [] + {}, [] + [], 1 + '2', '3' * '4', true + 1, null + 1, undefined + 1, [2] * [3]);
