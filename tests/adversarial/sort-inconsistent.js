// Attack: sorts with a comparator that answers at random
// expect: ok 20000
// within: 8000
// Why it matters: a sort that trusts its comparator reads past its ends.
const a = Array.from({ length: 20000 }, (_, i) => i);
return a.sort(() => Math.random() - 0.5).length;
