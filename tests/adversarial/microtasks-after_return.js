// Attack: returns at once and leaves a chain of jobs behind
// expect: TIMEOUT
// within: 1500
// stops: flag, signal
// Why it matters: the result is there, but a run has ended only when its jobs have.
const again = () => {
  Promise.resolve().then(again);
};
again();
return 'done';
