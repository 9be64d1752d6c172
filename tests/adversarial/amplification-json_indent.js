// Attack: indents a value that contains each of its parts twice
// expect: MEMORY_LIMIT|EXECUTION_ERROR|TIMEOUT
// within: 5000
// timeout: 3000
// Why it matters: forty small lists are 10^12 when they are written out, each indented ten times its depth.
let wide = [1];
for (let i = 0; i < 40; i++) wide = [wide, wide];
return JSON.stringify(wide, null, 10).length;
