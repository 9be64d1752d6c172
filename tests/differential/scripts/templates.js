const v = { toString: () => 'T' };
print(`a${1 + 1}b${v}${[1, 2]}c`, `line
two`, `\u0041\x42\n`.length);
function tag(strings, ...values) { return strings.raw.join('|') + values.join(); }
for (let i = 0; i < 2; i++) print(tag`x\n${i}y`, String.raw`\u00zz${i}`.length);
