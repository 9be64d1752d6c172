// Attack: defines an accessor on the state and in it
// expect: STATE_ERROR
// within: 5000
// Why it matters: an accessor would run the handler's code in the next handler.
try {
  Object.defineProperty($state, 'count', { get: () => 1 });
} catch (error) {
  if (error.code !== 'STATE_ERROR') throw new Error('top');
}
Object.defineProperty($state.config, 'deep', { get: () => 1 });
