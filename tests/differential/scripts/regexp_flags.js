const re = /a./gs;
print(re.flags, re.lastIndex, re.exec('a\nab')[0].length, re.lastIndex, re.sticky, re.source);
const y = /b/y;
y.lastIndex = 1;
print(y.test('ab'), y.lastIndex, y.test('ab'), 'aBc'.replace(/[a-z]/gi, (c, i) => c + i), 'x'.match(/y/), 'xx'.match(/x/g));
print([...'a1b22c333'.matchAll(/\d+/g)].map((m) => m[0] + m.index), /\p{Lu}/u.test('É'), 'abc'.search(/c/));
