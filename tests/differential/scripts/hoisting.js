print(typeof hoisted, typeof later, hoisted());
var later = 1;
function hoisted() { return 'h'; }
{ function inner() { return 1; } }
print(typeof inner);
label: { print('in'); break label; }
