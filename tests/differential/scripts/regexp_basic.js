for (const [re, t] of [[/a+b*/, 'xaabb'], [/(\d+)-(\d+)/, 'tel 12-345'], [/^$/m, 'a\n\nb'], [/[^a-c]+/i, 'ABCdef'],
    [/(a|ab)(c|bcd)(d*)/, 'abcd'], [/\bfoo\b/, 'a foo b'], [/x{2,3}?/, 'xxxx'], [/\u{1f600}/u, '😀'], [/[\w.]+@\w+\.\w{2,}/, 'me.x@host.org']]) {
  const m = re.exec(t);
  print(re, m && m.index, m && m[0], m && m.slice(1).join('/'));
}
