// HTTP cases (RFC 9110, RFC 9112). Each has
//   send      what is sent, strings in latin1; see Wire.send
//   statuses  of the answers, in order; a list in place of one where the RFC leaves the choice
//   end       'open': the connection serves another request; 'closed': the server ends it
// Anything that two programs could frame differently must be refused and the connection closed: that is what keeps a
// proxy in front and this server from taking one client's bytes for another's request.
const H = 'Host: localhost\r\n';
const get = (more = '', path = '/livez') => `GET ${path} HTTP/1.1\r\n${H}${more}\r\n`;
const post = (fields, body) => `POST /panels/p/trigger/run HTTP/1.1\r\n${H}${fields}\r\n${body}`;
const length = (bytes) => `Content-Length: ${bytes}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const SMUGGLED = 'GET /panels HTTP/1.1\r\nHost: localhost\r\n\r\n';

const cases = [];
const good = (name, send, statuses = [200], more = {}) => cases.push({ name, send, statuses: [statuses].flat(1), end: 'open', ...more });
const bad = (name, send, statuses = [400], more = {}) => cases.push({ name, send, statuses: [statuses].flat(1), end: 'closed', ...more });

// --- Two lengths, two codings: request smuggling

bad('length and chunked', post(length(5) + CHUNKED, `0\r\n\r\n${SMUGGLED}`));
bad('chunked and length', post(CHUNKED + length(5), `0\r\n\r\n${SMUGGLED}`));
bad('two different lengths', post(length(2) + length(40), `{}${SMUGGLED}`));
bad('two equal lengths', post(length(2) + length(2), '{}'));
bad('a list of lengths', post('Content-Length: 2, 2\r\n', '{}'));
for (const value of ['+2', '-2', '0x2', '2.0', '1e1', 'two', '2 2', '"2"', '18446744073709551618', '99999999999999999999999'])
  bad(`the length ${value}`, post(`Content-Length: ${value}\r\n`, '{}'), [[400, 413]]);
bad('a length without a value', post('Content-Length:\r\n', ''));
bad('a length with a vertical tab', post('Content-Length: \x0b2\r\n', '{}'));
good('a length with blanks around it', post('Content-Length:  2 \t\r\n', '{}'));
for (const [what, value] of [['identity', 'identity'], ['gzip, chunked', 'gzip, chunked'], ['chunked, identity', 'chunked, identity'], ['chunked, chunked', 'chunked, chunked'],
  ['xchunked', 'xchunked'], ['chunked with a parameter', 'chunked;q=1'], ['chunked in quotes', '"chunked"'], ['chunked with a vertical tab', '\x0bchunked'], ['chunked after a comma', ',chunked'], ['nothing', '']])
  bad(`the coding ${what}`, post(`Transfer-Encoding: ${value}\r\n`, `0\r\n\r\n${SMUGGLED}`));
bad('two coding fields', post(`${CHUNKED}Transfer-Encoding: identity\r\n`, `0\r\n\r\n${SMUGGLED}`));
bad('a blank before the colon of the coding', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${SMUGGLED}`));
bad('a blank before the colon of the length', post('Content-Length : 2\r\n', '{}'));
bad('a coding on a folded line', post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${SMUGGLED}`), [[400, 200]], { end: 'either' });
bad('chunked in HTTP/1.0', post(CHUNKED, '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'));
good('the coding in other letters', post('transfer-encoding: CHUNKED\r\n', '2\r\n{}\r\n0\r\n\r\n'));
good('GET with a body', `GET /livez HTTP/1.1\r\n${H}${length(5)}\r\nhello`);
bad('GET with an upgrade to h2c and a body', `GET /livez HTTP/1.1\r\n${H}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n${length(5)}${CHUNKED}\r\n0\r\n\r\n`);

// --- Chunks

good('chunks', post(CHUNKED, '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'));
good('a chunk size with zeros in front', post(CHUNKED, '0002\r\n{}\r\n0\r\n\r\n'));
good('a chunk with an extension', post(CHUNKED, '2;name=value\r\n{}\r\n0\r\n\r\n'));
good('a chunk with a quoted extension', post(CHUNKED, '2;name="a\\"b"\r\n{}\r\n0\r\n\r\n'));
good('a trailer', post(CHUNKED, '2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n'));
good('chunks byte by byte', [...post(CHUNKED, '2\r\n{}\r\n0\r\n\r\n')]);
good('chunks, then another request', post(CHUNKED, '2\r\n{}\r\n0\r\n\r\n') + get(), [200, 200]);
for (const [what, chunks] of [
  ['no size', '\r\n{}\r\n0\r\n\r\n'], ['a size that is no number', 'zz\r\n{}\r\n0\r\n\r\n'], ['a size with 0x', '0x2\r\n{}\r\n0\r\n\r\n'], ['a negative size', '-2\r\n{}\r\n0\r\n\r\n'],
  ['a size that does not fit', 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n'], ['a size that wraps round', '10000000000000002\r\n{}\r\n0\r\n\r\n'], ['a blank before the size', ' 2\r\n{}\r\n0\r\n\r\n'],
  ['data longer than its size', '1\r\n{}\r\n0\r\n\r\n'], ['data without an end of line', '2\r\n{}0\r\n\r\n'], ['a bare LF after the size', '2\n{}\r\n0\r\n\r\n'], ['a bare LF after the data', '2\r\n{}\n0\r\n\r\n'],
  ['a bare CR after the size', '2\r{}\r\n0\r\n\r\n'], ['a bare LF in an extension', '2;a\nb\r\n{}\r\n0\r\n\r\n'], ['an extension without a name', '2;=\r\n{}\r\n0\r\n\r\n'],
]) bad(`chunks: ${what}`, post(CHUNKED, chunks), [[400, 413]]);
bad('an endless chunk extension', post(CHUNKED, `2;${'x'.repeat(100000)}`), [[400, 413, 431]]);
bad('an endless trailer', post(CHUNKED, `2\r\n{}\r\n0\r\n${'X: y\r\n'.repeat(20000)}`), [[400, 413, 431]]);

// --- Lines and fields

bad('lines that end with LF only', 'GET /livez HTTP/1.1\nHost: localhost\n\n');
bad('a request line that ends with LF only', `GET /livez HTTP/1.1\n${H}\r\n`);
bad('a field that ends with LF only', 'GET /livez HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n');
bad('a header that ends with LF LF', `GET /livez HTTP/1.1\r\n${H}\n\n`);
bad('a bare CR in a field', get('X: a\rb\r\n'));
bad('NUL in a field', get('X: a\0b\r\n'));
bad('NUL in a name', get('X\0Y: a\r\n'));
bad('a name with a blank', get('X Y: a\r\n'));
bad('a name in brackets', get('(X): a\r\n'));
bad('no name', get(': a\r\n'));
bad('no colon', get('X\r\n'));
bad('a folded first field', `GET /livez HTTP/1.1\r\n ${H}\r\n`);
good('a field without a value', get('X:\r\n'));
good('a field in latin1', get('X: \xe4\r\n'));
bad('a header that is too large', get(`X: ${'a'.repeat(20000)}\r\n`), 431);
bad('too many fields', get(Array.from({ length: 3000 }, (_, at) => `X${at}: y\r\n`).join('')), 431);
bad('a path that is too long', get('', `/${'a'.repeat(20000)}`), 431);
bad('an endless request line', `GET /${'a'.repeat(200000)}`, 431);

// --- Request lines

for (const [what, line] of [['no version', 'GET /livez'], ['an unknown version', 'GET /livez HTTP/2.0'], ['a version without a minor one', 'GET /livez HTTP/1'], ['a version in small letters', 'GET /livez http/1.1'],
  ['nothing but blanks', '   '], ['two blanks', 'GET  /livez HTTP/1.1'], ['a tab', 'GET\t/livez HTTP/1.1'], ['a blank in the path', 'GET /live z HTTP/1.1'], ['a blank at the end', 'GET /livez HTTP/1.1 '],
  ['a control character', 'GET /live\x01z HTTP/1.1'], ['no path', 'GET HTTP/1.1'], ['a blank in front', ' GET /livez HTTP/1.1'], ['a method in brackets', '(GET) /livez HTTP/1.1']])
  bad(`a request line with ${what}`, `${line}\r\n${H}\r\n`);
bad('HTTP/0.9', 'GET /livez\r\n\r\n');
bad('TLS on this port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + '\x00'.repeat(64));
bad('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
for (const [what, path] of [['no slash', 'livez'], ['two slashes', '//livez'], ['a slash at the end', '/livez/'], ['dots', '/panels/../livez'], ['encoded dots', '/panels/%2e%2e/livez'], ['an encoded slash', '/panels/a%2fb'],
  ['an encoded NUL', '/panels/a%00'], ['an encoded line feed', '/panels/a%0ab'], ['half an escape', '/panels/%4'], ['a wrong escape', '/panels/%zz'], ['overlong UTF-8', '/panels/%c0%af'], ['a fragment', '/livez#x'],
  ['a backslash', '/panels/a%5cb']])
  good(`a path with ${what}`, get('', path), 400);
good('an absolute target', get('', 'http://localhost/livez'));
good('the asterisk of OPTIONS', `OPTIONS * HTTP/1.1\r\n${H}\r\n`, 204);
good('the asterisk of GET', `GET * HTTP/1.1\r\n${H}\r\n`, 400);
good('CONNECT', `CONNECT localhost:80 HTTP/1.1\r\n${H}\r\n`, 400);
good('TRACE', `TRACE /livez HTTP/1.1\r\n${H}\r\n`, 405);
good('an unknown method', `BREW /livez HTTP/1.1\r\n${H}\r\n`, 405);
good('a method in small letters', `get /livez HTTP/1.1\r\n${H}\r\n`, 405);
good('PUT', `PUT /panels HTTP/1.1\r\n${H}${length(0)}\r\n`, 405);
good('HEAD', `HEAD /livez HTTP/1.1\r\n${H}\r\n`, 200, { heads: [0] });
good('HEAD of nothing', `HEAD /none HTTP/1.1\r\n${H}\r\n`, 404, { heads: [0] });

// --- Host

bad('no Host', 'GET /livez HTTP/1.1\r\n\r\n', 400, { end: 'open' });
bad('two Hosts', get('Host: localhost\r\n'), 400, { end: 'open' });
bad('two different Hosts', get('Host: evil.example\r\n'), 400, { end: 'open' });
for (const host of ['', 'a b', 'localhost:99999', 'localhost:x', 'user@localhost', 'localhost/x', '[::1', 'a,b', 'http://localhost'])
  good(`the Host "${host}"`, `GET /panels HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400);
good('a foreign Host', 'GET /panels HTTP/1.1\r\nHost: evil.example\r\n\r\n', 403);
good('a Host in IPv6', 'GET /panels HTTP/1.1\r\nHost: [::1]:80\r\n\r\n');
bad('HTTP/1.0 without a Host', 'GET /livez HTTP/1.0\r\n\r\n', 200);

// --- Bodies

bad('a body that is announced as too large', post(length(2 << 20), ''), 413);
bad('a body that is too large', post(length((1 << 20) + 1), ' '.repeat((1 << 20) + 1)), 413);
bad('chunks that are too large', post(CHUNKED, Array.from({ length: 20 }, () => `10000\r\n${' '.repeat(65536)}\r\n`).join('')), 413);
good('the largest body', post(length(1 << 20), `{}${' '.repeat((1 << 20) - 2)}`));
good('a body that is no JSON', post(length(1), '{'), 400);
good('a list for arguments', post(length(2), '[]'), 422);
good('another media type', post(`Content-Type: text/plain\r\n${length(2)}`, '{}'), 415);
good('a coded body', post(`Content-Encoding: gzip\r\n${length(0)}`, ''), 415);
bad('a coded body that is on its way', post(`Content-Encoding: gzip\r\n${length(2)}`, '{}'), 415, { end: 'either' });
bad('a body that ends too early', [post(length(10), '{}'), { half: true }], []);
bad('a header that ends too early', ['GET /livez HTTP/1.1\r\nHost: lo', { half: true }], []);

// --- Expectations and persistence

good('an expectation that is met', [post(`Expect: 100-continue\r\n${length(2)}`, ''), { pause: 50 }, '{}'], [100, 200]);
bad('an expectation that is not known', post(`Expect: 200-ok\r\n${length(2)}`, '{}'), 417);
bad('an expectation of what is too large', post(`Expect: 100-continue\r\n${length(2 << 20)}`, ''), 413);
good('three requests at once', get() + get() + get(), [200, 200, 200]);
good('a hundred requests at once', get().repeat(100), Array(100).fill(200));
good('requests of every kind at once', get() + post(length(2), '{}') + `HEAD /livez HTTP/1.1\r\n${H}\r\n` + get('', '/none'), [200, 200, 200, 404], { heads: [2] });
bad('a bad request after a good one', `${get()}BAD\r\n\r\n${get()}`, [200, 400]);
bad('what follows a request to close', get('Connection: close\r\n') + get(), 200);
bad('HTTP/1.0 closes by itself', `GET /livez HTTP/1.0\r\n${H}\r\n${get()}`, 200);
good('HTTP/1.0 stays when asked to', `GET /livez HTTP/1.0\r\n${H}Connection: keep-alive\r\n\r\n`);
good('a request in two pieces', [get().slice(0, 20), { pause: 50 }, get().slice(20)]);
good('a request byte by byte', [...get()]);
good('an empty line before the request', `\r\n${get()}`, [[200, 400]], { end: 'either' });
good('If-None-Match of something else', get('If-None-Match: "other"\r\n', '/openapi.json'));
good('If-None-Match of anything', get('If-None-Match: *\r\n', '/openapi.json'), 304);
good('ranges are not taken, so all is sent', get('Range: bytes=0-1\r\n', '/openapi.json'));
good('a preflight of a foreign page learns nothing', `OPTIONS /panels HTTP/1.1\r\n${H}Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n`, 204, { lacks: 'Access-Control-Allow-Origin' });
good('a change by a foreign page', post(`Origin: https://evil.example\r\n${length(0)}`, ''), 403);

// --- Slow clients: the header has ten seconds in all, however often a byte comes

bad('a header that drips', ['GET /livez HTTP/1.1\r\n', ...Array.from({ length: 24 }, (_, at) => [{ pause: 500 }, `X${at}: y\r\n`]).flat()], []);

export { cases as httpCases };
