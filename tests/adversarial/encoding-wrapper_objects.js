// Attack: returns wrapper objects that lie about what they wrap
// expect: ok [true,2,"true"]|ok [false,1,"a"]
// within: 5000
// Why it matters: methods of the handler run in the middle of the encoding, whichever way it asks.
const flag = new Boolean(false);
const number = new Number(1);
const text = new String('a');
for (const each of [flag, number, text]) {
  Object.defineProperty(each, 'toString', { value: () => 'true' });
  Object.defineProperty(each, 'valueOf', { value: () => 2 });
}
return [flag, number, text];
