// Attack: concatenates with a constructor that concatenates
// expect: EXECUTION_ERROR
// within: 1500
// Why it matters: recursion in the guest runs on the native stack of the host: without a bound on both stacks
// it ends the process.
class Again extends Array {
  static get [Symbol.species]() {
    return new Again(1).concat([1]).constructor;
  }
}
return new Again(1).concat([2]);
