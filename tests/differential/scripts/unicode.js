const s = 'añ😀e\u0301\ud800x';
print([...s].length, s.length, JSON.stringify(s), s.normalize('NFC').length, s.normalize('NFD').length, s.isWellFormed());
print('ß'.toUpperCase(), 'İ'.toLowerCase().length, 'ΑΣ'.toLowerCase(), String.fromCodePoint(128512, 97), encodeURIComponent('é😀/'));
try { encodeURIComponent('\ud800'); } catch (e) { print(e.name, e.message); }
