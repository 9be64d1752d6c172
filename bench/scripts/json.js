// What every handler does at its edges.
const rows = [];
for (let i = 0; i < 500; i++) rows.push({ id: i, name: 'row ' + i, tags: ['a', 'b', String(i)], on: i % 2 === 0 });
let out = '';
for (let i = 0; i < 5; i++) out = JSON.stringify(JSON.parse(JSON.stringify(rows)));
if (out.length < 10000) throw new Error('wrong');
