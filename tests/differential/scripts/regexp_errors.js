for (const t of ['(', '[', 'a**', '\\u{110000}', 'a{2,1}', '(?<a', '\\k<x>'])
  try { print(new RegExp(t, 'u')); } catch (e) { print(t, e.name, e.message); }
print(RegExp('/').source, String(new RegExp('\n')), 'a,b;c'.split(/[,;]/), 'abc'.split(''));
