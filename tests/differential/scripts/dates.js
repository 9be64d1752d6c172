const d = new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 999));
print(d.toISOString(), d.getTime(), d.getUTCDay(), JSON.stringify(d), Date.parse('2024-03-10T10:00:00+02:30'), Date.parse('nonsense'), new Date(8.64e15 + 1).getTime());
d.setUTCMonth(12);
print(d.toISOString());
d.setUTCDate(0);
print(d.toISOString(), +d, d > new Date(0));
try { new Date(NaN).toISOString(); } catch (e) { print(e.name, e.message); }
for (let y = -1; y < 3000; y += 333) print(new Date(Date.UTC(y, 11, 31)).toISOString());
