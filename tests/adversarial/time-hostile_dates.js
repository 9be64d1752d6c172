// Attack: parses and formats dates made to confuse a parser
// expect: ok true
// within: 5000
// Why it matters: a hand-written parser of dates meets every text a handler can think of.
const texts = ['9'.repeat(10000), '+275760-09-13T00:00:00.001Z', '-000000-01-01T00:00:00Z', '(' .repeat(10000), 'Jan '.repeat(5000),
               '2020-01-01T00:00:00.' + '0'.repeat(10000) + 'Z', '1:'.repeat(5000), '\0', '2020-01-01T99:99:99+99:99'];
for (const text of texts) {
  const date = new Date(text);
  String(date);
  date.setFullYear(2 ** 31, -(2 ** 31), 2 ** 31);
  date.setHours(1e300, NaN, -0);
  String(date);
  date.toLocaleString();
}
return true;
