const a = [5, 1, 4];
a.push(2);
a.unshift(9);
print(a, a.pop(), a.shift(), a.length, a.indexOf(4), [NaN].indexOf(NaN), [NaN].includes(NaN), a.join('-'), a.reverse(), a.concat([7], 8, [[9]]));
print(a.slice(-2), a.splice(1, 1, 'x', 'y'), a, a.fill(0, 1, 2), a.copyWithin(0, 2), a.at(-1), [1, [2, [3, [4]]]].flat(Infinity));
print(Array.from({ length: 3 }, (_, i) => i * i), Array.of(7), [1, 2].flatMap((x) => [x, x]), Array.isArray(a));
