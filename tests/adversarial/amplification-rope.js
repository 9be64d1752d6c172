// Attack: adds a text to itself until it is too long, then looks at its end
// expect: MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: concatenation costs nothing until somebody looks.
let s = 'abcdefgh';
for (let i = 0; i < 26; i++) s = s + s;
return s.charCodeAt(s.length - 1);
