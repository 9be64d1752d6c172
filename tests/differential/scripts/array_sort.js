print([10, 9, 1].sort(), [10, 9, 1].sort((p, q) => p - q), ['b', undefined, 'a', , 'c'].sort(), [3, 2, 1].toSorted(), [1, 2, 3].toReversed());
print([1, 2, 3].with(1, 9), [1, 2, 3].toSpliced(0, 1));
print(Array.from({ length: 200 }, (_, i) => ({ k: (i * 7919) % 13, i })).sort((p, q) => p.k - q.k).map((r) => r.i).join());
