for (const f of ['slice', 'substring', 'substr', 'at', 'charAt', 'codePointAt', 'padEnd', 'repeat'])
  for (const a of [-1, 0, 2, 99, NaN, 1.7, '1', undefined]) try { print(f, a, 'abcd'[f](a)); } catch (e) { print(f, a, e.name); }
