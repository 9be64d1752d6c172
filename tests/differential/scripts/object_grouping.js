print(JSON.stringify(Object.groupBy([1, 2, 3], (x) => (x % 2 ? 'odd' : 'even'))), Map.groupBy([1, 2, 3], (x) => x % 2).get(1));
