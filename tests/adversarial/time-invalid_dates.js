// Attack: returns dates that have no text
// expect: SERIALIZATION_ERROR
// within: 5000
// Why it matters: a date outside its range has no ISO form.
return [new Date(8.64e15), new Date(8.64e15 + 1)];
