// Attack: throws an error whose stack names impossible positions
// expect: EXECUTION_ERROR
// within: 5000
// Why it matters: numbers from the handler go into arithmetic on line numbers.
const e = new Error('x');
e.stack = 'at handler:-2147483648:2147483647\nhandler:1:2147483647\nhandler:99999999999:1\nhandler:0:0\nhandler:';
throw e;
