const calls = [];
const p = new Proxy({ a: 1 }, new Proxy({}, { get: (t, trap) => (...args) => { calls.push(trap); return Reflect[trap](...args); } }));
p.a; p.b = 2; 'a' in p; delete p.a; Object.keys(p); Object.getPrototypeOf(p); JSON.stringify(p); ({ ...p }); Object.freeze(p);
for (const k in p) k;
print(calls.join(' '));
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
try { proxy.x; } catch (e) { print(e.name, e.message); }
try { new Proxy(Object.freeze({ a: 1 }), { get: () => 2 }).a; } catch (e) { print(e.name, e.message); }
