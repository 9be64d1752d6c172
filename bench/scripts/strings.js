// Text built, split, searched and replaced.
let text = '';
for (let i = 0; i < 3000; i++) text += 'word' + i + ' ';
const words = text.split(' ').map((w) => w.toUpperCase());
if (words.join('-').replaceAll('WORD', 'w').indexOf('w2999') < 0) throw new Error('wrong');
