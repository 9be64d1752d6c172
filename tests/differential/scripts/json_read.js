print(JSON.stringify(JSON.parse('{"a":[1,2,{"b":null}],"a2":1e3,"__proto__":1}', (k, v) => (Array.isArray(v) ? v.length : v))));
for (const t of ['', '{', '[1,]', '{"a":1,}', '01', '"\t"', 'nul', '1 2', '{a:1}', '"\\u12"']) try { JSON.parse(t); print('ok'); } catch (e) { print(e.name, e.message); }
