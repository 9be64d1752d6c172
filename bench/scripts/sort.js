// Sorting with a comparator: calls from native code into the script.
let seed = 42;
const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
const list = Array.from({ length: 4000 }, next);
list.sort((a, b) => a - b);
for (let i = 1; i < list.length; i++) if (list[i - 1] > list[i]) throw new Error('wrong');
