const fs = [];
for (let i = 0; i < 3; i++) fs.push(() => i++);
print(fs.map((f) => f() + f()));
var gs = [];
for (var j = 0; j < 3; j++) gs.push(() => j);
print(gs.map((g) => g()));
try { tdz; let tdz = 1; } catch (e) { print(e.name, e.message); }
try { const k = 1; k = 2; } catch (e) { print(e.name, e.message); }
