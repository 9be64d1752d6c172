// Attack: sorts a view with a comparator that writes to it
// expect: ok 4096
// within: 8000
// Why it matters: the sort reads elements that the comparator replaces.
const view = new Float64Array(4096).map((_, i) => -i);
return view.sort((a, b) => { view.fill(NaN); return a < b ? -1 : 1; }).length;
