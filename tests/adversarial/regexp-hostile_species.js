// Attack: splits with a species constructor whose expressions never advance
// expect: TIMEOUT|MEMORY_LIMIT|EXECUTION_ERROR
// within: 3000
// Why it matters: split() trusts lastIndex of an object that the handler made.
let steps = 0;
class Stuck extends RegExp {
  static get [Symbol.species]() {
    return function () {
      return { exec: () => [''], set lastIndex(at) {}, get lastIndex() { return 1 + (steps++ % 2); } };
    };
  }
}
return 'abc'.split(new Stuck('b'));
