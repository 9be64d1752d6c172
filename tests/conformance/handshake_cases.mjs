// Opening handshakes: what is sent, with KEY for a good key, the status, and the subprotocol that must be answered.
const REQUEST = 'GET /panels/p/ws HTTP/1.1\r\n';
const HOST = 'Host: localhost\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const VERSION = 'Sec-WebSocket-Version: 13\r\n';
const GOOD_KEY = 'Sec-WebSocket-Key: KEY\r\n';
const whole = (more = '') => `${REQUEST}${HOST}${UPGRADE}${VERSION}${GOOD_KEY}${more}\r\n`;
const offering = (list) => whole(`Sec-WebSocket-Protocol: ${list}\r\n`);

export const handshakeCases = [
  { name: 'a plain one', send: whole(), status: 101 },
  { name: 'a plain one on the HTTP port', send: whole(), port: 'http', status: 101 },
  { name: 'words in other letters', send: `${REQUEST}${HOST}connection: UPGRADE\r\nupgrade: WebSocket\r\nSEC-WEBSOCKET-VERSION: 13\r\nsec-websocket-key: KEY\r\n\r\n`, status: 101 },
  { name: 'Upgrade as one of several connection options', send: `${REQUEST}${HOST}Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n${VERSION}${GOOD_KEY}\r\n`, status: 101 },
  { name: 'extensions are offered', send: whole('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n'), status: 101 },
  { name: 'JSON is offered', send: offering('nexus.v1.json'), status: 101, protocol: 'nexus.v1.json' },
  { name: 'MessagePack is offered', send: offering('nexus.v1.msgpack'), status: 101, protocol: 'nexus.v1.msgpack' },
  { name: 'both are offered', send: offering('nexus.v1.msgpack, nexus.v1.json'), status: 101, protocol: 'nexus.v1.msgpack' },
  { name: 'an unknown one comes first', send: offering('soap, nexus.v1.json'), status: 101, protocol: 'nexus.v1.json' },
  { name: 'only unknown ones are offered', send: offering('soap, wamp'), status: 400 },
  { name: 'a later version of ours is offered', send: offering('nexus.v2.json'), status: 400 },
  { name: 'the token is not repeated', send: offering('nexus.bearer.abc, nexus.v1.json'), status: 101, protocol: 'nexus.v1.json' },
  { name: 'only a token is offered', send: offering('nexus.bearer.abc'), status: 101 },
  { name: 'no key', send: `${REQUEST}${HOST}${UPGRADE}${VERSION}\r\n`, status: 400 },
  { name: 'an empty key', send: `${REQUEST}${HOST}${UPGRADE}${VERSION}Sec-WebSocket-Key:\r\n\r\n`, status: 400 },
  { name: 'a key that is too short', send: `${REQUEST}${HOST}${UPGRADE}${VERSION}Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n`, status: 400 },
  { name: 'a key that is no base64', send: `${REQUEST}${HOST}${UPGRADE}${VERSION}Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n\r\n`, status: 400 },
  { name: 'no version', send: `${REQUEST}${HOST}${UPGRADE}${GOOD_KEY}\r\n`, status: 426 },
  { name: 'version 8', send: `${REQUEST}${HOST}${UPGRADE}Sec-WebSocket-Version: 8\r\n${GOOD_KEY}\r\n`, status: 426 },
  { name: 'version 14', send: `${REQUEST}${HOST}${UPGRADE}Sec-WebSocket-Version: 14\r\n${GOOD_KEY}\r\n`, status: 426 },
  { name: 'no upgrade', send: `${REQUEST}${HOST}${VERSION}${GOOD_KEY}\r\n`, port: 'http', status: 426 },
  { name: 'an upgrade to something else', send: `${REQUEST}${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n${VERSION}${GOOD_KEY}\r\n`, port: 'http', status: 426 },
  { name: 'no Connection field', send: `${REQUEST}${HOST}Upgrade: websocket\r\n${VERSION}${GOOD_KEY}\r\n`, port: 'http', status: 426 },
  { name: 'by POST', send: whole().replace('GET', 'POST'), port: 'http', status: 405 },
  { name: 'in HTTP/1.0', send: whole().replace('HTTP/1.1', 'HTTP/1.0'), port: 'http', status: 426 },
  { name: 'without a Host', send: whole().replace(HOST, ''), status: 400 },
  { name: 'of a rebound name', send: whole().replace('localhost', 'evil.example'), status: 403 },
  { name: 'from a foreign page', send: whole('Origin: https://evil.example\r\n'), status: 403 },
  { name: 'from a sandboxed page', send: whole('Origin: null\r\n'), status: 403 },
  { name: 'of an unknown panel', send: whole().replace('/p/', '/none/'), status: 404 },
  { name: 'of a path below', send: whole().replace('/ws', '/ws/more'), status: 404 },
  { name: 'of an unknown kind of patches', send: whole().replace('/ws', '/ws?patches=xml'), status: 422 },
  { name: 'with a bad escape in the query', send: whole().replace('/ws', '/ws?patches=%zz'), status: 400 },
  { name: 'with a body', send: whole('Content-Length: 5\r\n').concat('hello'), status: 400 },
  { name: 'with frames behind it', send: whole().concat('\x81\x80\x00\x00\x00\x00'), status: 400 },
];
