// Attack: leaves a template open, so that the wrapper's end becomes text
// expect: COMPILATION_ERROR
// within: 5000
// Why it matters: the end of the wrapper would be part of a string.
return `${
