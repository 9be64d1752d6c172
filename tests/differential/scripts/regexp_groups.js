const m = /(?<year>\d{4})-(?<month>\d\d)/d.exec('on 2024-05-06');
print(m.groups.year, m.groups.month, m.indices[0], m.indices.groups.month);
print('2024-05'.replace(/(?<y>\d+)-(?<m>\d+)/, '$<m>/$<y> $1 $&'), /(a)|(b)/.exec('b'), /(.)\1/.exec('abccd')[0]);
