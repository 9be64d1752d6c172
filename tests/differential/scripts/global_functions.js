print(isNaN('x'), isFinite('5'), parseInt('08'), parseFloat('3.14abc'), escape('ü +'), unescape('%u0107%20'), encodeURI('a b&c=ü'));
for (const t of ['%', '%zz', '%E0%A4']) try { decodeURIComponent(t); } catch (e) { print(e.name, e.message); }
