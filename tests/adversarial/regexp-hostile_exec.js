// Attack: replaces exec, so that a global replace never runs out of matches
// expect: TIMEOUT|MEMORY_LIMIT
// within: 3000
// Why it matters: replace() collects the matches in native code before it calls anybody back.
const endless = /x/g;
Object.defineProperty(endless, 'exec', { value: () => ({ index: 0, length: 1, 0: 'x' }) });
return 'x'.replace(endless, 'y');
