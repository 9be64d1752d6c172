const s = 'The quick brown fox';
print(s.length, s[4], s.at(-1), s.charAt(99), s.charCodeAt(1), s.codePointAt(2), s.indexOf('q'), s.lastIndexOf('o'), s.includes('fox'));
print(s.slice(-3), s.substring(5, 1), s.split(' ').join('|'), s.toUpperCase(), s.repeat(2), s.padEnd(25, '-'), s.padStart(25, 'ab'));
print(s.startsWith('The'), s.endsWith('x'), s.replace('o', '0'), s.replaceAll('o', '0'), s.concat(1, 2), '  x '.trim() + '|');
