// WebSocket cases (RFC 6455, and docs/PROTOCOL.md for what is ours). Each has
//   send     bytes after CONNECTED has arrived; see Wire.send
//   expect   what comes back, in order: 'PONG', 'ERROR CODE', 'pong:PAYLOAD' (the control frame), 'close CODE' (several
//            codes where the RFC leaves the choice: 'close 1002|1007')
//   end      'open': the socket still answers afterwards; 'closed': the server ends the connection
import { encodeFrame, OPCODE } from '../e2e/websocket.mjs';
import { inPieces } from './driver.mjs';

const { continuation, text, binary, close, ping, pong } = OPCODE;
const frame = (opcode, payload = '', options = {}) => encodeFrame(opcode, Buffer.from(payload), options);
// A frame whose first two bytes are given as they are, masked with zeros.
const raw = (first, second, ...rest) => Buffer.concat([Buffer.from([first, second]), ...rest.map((part) => Buffer.from(part))]);
const ZERO_MASK = [0, 0, 0, 0];
const masked = (key, payload) => raw(0x81, 0x80 | payload.length, key, Buffer.from(payload).map((byte, at) => byte ^ key[at & 3]));
const PING = '{"type":"PING"}';
const padded = (length) => PING + ' '.repeat(length - PING.length);
const closing = (code, reason = '') => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]);

const cases = [];
const answered = (name, send, expect, options = {}) => cases.push({ name, send, expect: [expect].flat(), end: 'open', ...options });
const closed = (name, send, expect, options = {}) => cases.push({ name, send, expect: [expect].flat(), end: 'closed', ...options });

// --- Framing: lengths

for (const length of [15, 16, 124, 125, 126, 127, 128, 255, 256, 4095, 4096, 65534, 65535, 65536, 65537, 100000])
  answered(`a message of ${length} bytes`, frame(text, padded(length)), 'PONG');
for (const size of [1, 2, 3, 5, 7, 13, 64])
  answered(`a message that arrives ${size} bytes at a time`, inPieces(frame(text, padded(130)), size), 'PONG');
answered('two messages in one segment', Buffer.concat([frame(text, PING), frame(text, PING)]), ['PONG', 'PONG']);
answered('a message and half of the next, then the rest', [Buffer.concat([masked([1, 2, 3, 4], PING), masked([1, 2, 3, 4], PING).subarray(0, 9)]), { pause: 30 }, masked([1, 2, 3, 4], PING).subarray(9)], ['PONG', 'PONG']);
for (const length of [0, 1, 125])
  closed(`a length of ${length} written in 16 bits`, raw(0x81, 0xfe, [0, length], ZERO_MASK, 'x'.repeat(length)), 'close 1002');
for (const length of [0, 125, 126, 65535])
  closed(`a length of ${length} written in 64 bits`, raw(0x81, 0xff, [0, 0, 0, 0, 0, 0, length >> 8, length & 255], ZERO_MASK, 'x'.repeat(length)), 'close 1002');
closed('a length with the top bit set', raw(0x81, 0xff, [0x80, 0, 0, 0, 0, 0, 0, 0], ZERO_MASK), 'close 1002|1009');
closed('a length of 2^62, of which nothing is sent', raw(0x81, 0xff, [0x40, 0, 0, 0, 0, 0, 0, 0], ZERO_MASK), 'close 1009');

// --- Framing: reserved bits and opcodes

for (let bits = 1; bits < 8; ++bits) {
  for (const [kind, opcode, payload] of [['text', text, PING], ['ping', ping, 'x'], ['close', close, closing(1000)], ['an empty continuation', continuation, '']])
    closed(`reserved bits ${bits} on ${kind}`, raw(0x80 | (bits << 4) | opcode, 0x80 | payload.length, ZERO_MASK, payload), 'close 1002');
}
for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
  closed(`reserved opcode ${opcode}, empty`, frame(opcode), 'close 1002');
  closed(`reserved opcode ${opcode} with a payload`, frame(opcode, 'payload'), 'close 1002');
  closed(`reserved opcode ${opcode}, not final`, frame(opcode, 'x', { fin: false }), 'close 1002');
  closed(`reserved opcode ${opcode} between fragments`, [frame(text, '{"type"', { fin: false }), frame(opcode, 'x')], 'close 1002');
}

// --- Masking

for (const [kind, opcode, payload] of [['text', text, PING], ['binary', binary, PING], ['ping', ping, 'x'], ['pong', pong, 'x'], ['close', close, closing(1000)], ['an empty text', text, ''], ['an empty ping', ping, '']])
  closed(`${kind} without a mask`, frame(opcode, payload, { masked: false }), 'close 1002');
closed('a continuation without a mask', [frame(text, '{"type":', { fin: false }), frame(continuation, '"PING"}', { masked: false })], 'close 1002');
for (const key of [[0, 0, 0, 0], [255, 255, 255, 255], [1, 2, 3, 4], [0, 0, 0, 1], [0x7b, 0x22, 0x74, 0x79]])
  answered(`the mask ${key}`, masked(key, PING), 'PONG');

// --- Pings and pongs

for (const length of [0, 1, 124, 125])
  answered(`a ping of ${length} bytes`, frame(ping, 'p'.repeat(length)), `pong:${'p'.repeat(length)}`);
answered('a ping whose payload is no text', frame(ping, Buffer.from([0, 0xff, 0xfe, 0x80])), 'pong:\x00\xff\xfe\x80');
answered('a ping that arrives byte by byte', inPieces(frame(ping, 'slow'), 1), 'pong:slow');
answered('ten pings at once', Buffer.concat(Array.from({ length: 10 }, (_, at) => frame(ping, `${at}`))), 'pong:9', { skipOlderPongs: true });
for (const length of [0, 1, 125])
  answered(`a pong nobody asked for, of ${length} bytes`, [frame(pong, 'x'.repeat(length)), frame(text, PING)], 'PONG');
for (const [kind, opcode] of [['ping', ping], ['pong', pong], ['close', close]]) {
  closed(`a ${kind} of 126 bytes`, frame(opcode, 'x'.repeat(126)), 'close 1002');
  closed(`a ${kind} of 65536 bytes`, frame(opcode, 'x'.repeat(65536)), 'close 1002');
  closed(`a ${kind} that is not final`, frame(opcode, kind === 'close' ? closing(1000) : 'x', { fin: false }), 'close 1002');
}

// --- Fragments

const fragments = (parts, opcode = text) => parts.map((part, at) =>
  frame(at === 0 ? opcode : continuation, part, { fin: at === parts.length - 1 }));
for (const count of [2, 3, 5, 15])
  answered(`a message in ${count} fragments`, fragments(Array.from({ length: count }, (_, at) => PING.slice(Math.floor(at * 15 / count), Math.floor((at + 1) * 15 / count)))), 'PONG');
answered('a thousand fragments of one byte', Buffer.concat(fragments([...padded(1000)])), 'PONG');
answered('an empty first fragment', fragments(['', PING]), 'PONG');
answered('an empty last fragment', fragments([PING, '']), 'PONG');
answered('empty fragments in the middle', fragments(['{"type"', '', '', ':"PING"}']), 'PONG');
answered('only empty fragments', fragments(['', '', '']), 'ERROR PARSE_ERROR');
answered('fragments that arrive byte by byte', inPieces(Buffer.concat(fragments(['{"type"', ':"PING"}'])), 1), 'PONG');
answered('a ping between fragments', [frame(text, '{"type"', { fin: false }), frame(ping, 'now'), frame(continuation, ':"PING"}')], ['pong:now', 'PONG']);
answered('a pong between fragments', [frame(text, '{"type"', { fin: false }), frame(pong, 'x'), frame(continuation, ':"PING"}')], 'PONG');
answered('a ping between every two fragments', [frame(text, '{', { fin: false }), frame(ping, '1'), frame(continuation, '"type":', { fin: false }), frame(ping, '2'), frame(continuation, '"PING"}')], ['pong:1', 'pong:2', 'PONG']);
closed('a close between fragments', [frame(text, '{"type"', { fin: false }), frame(close, closing(1000))], 'close 1000');
closed('a final continuation of nothing', frame(continuation, PING), 'close 1002');
closed('a continuation of nothing that is not final', frame(continuation, PING, { fin: false }), 'close 1002');
closed('a continuation after a whole message', [frame(text, PING), frame(continuation, PING)], ['PONG', 'close 1002']);
closed('a text inside a fragmented text', [frame(text, '{"type"', { fin: false }), frame(text, PING)], 'close 1002');
closed('a binary inside a fragmented text', [frame(text, '{"type"', { fin: false }), frame(binary, PING)], 'close 1002');
closed('an unfinished text inside a fragmented text', [frame(text, '{"type"', { fin: false }), frame(text, PING, { fin: false })], 'close 1002');
closed('a fragmented binary message', fragments(['{"type"', ':"PING"}'], binary), 'close 1003');

// --- Closing

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4401, 4999])
  closed(`a close with ${code}`, frame(close, closing(code)), `close ${code}`);
for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999])
  closed(`a close with the forbidden ${code}`, frame(close, closing(code)), 'close 1002');
closed('a close without a code', frame(close), 'close 1000');
closed('a close with half a code', frame(close, 'x'), 'close 1002');
closed('a close with a reason', frame(close, closing(1000, 'going home')), 'close 1000');
closed('a close with the longest reason', frame(close, closing(1000, 'r'.repeat(123))), 'close 1000');
closed('a close whose reason has four-byte characters', frame(close, closing(1000, '\u{1f600}'.repeat(30))), 'close 1000');
closed('a close whose reason is no UTF-8', frame(close, Buffer.concat([closing(1000), Buffer.from([0xce, 0xba, 0xe1, 0xbd])])), 'close 1002|1007');
closed('a close whose reason is a surrogate', frame(close, Buffer.concat([closing(1000), Buffer.from([0xed, 0xa0, 0x80])])), 'close 1002|1007');
closed('a close that arrives byte by byte', inPieces(frame(close, closing(1000, 'bye')), 1), 'close 1000');
closed('messages after the close', [frame(close, closing(1000)), frame(text, PING), frame(ping, 'x')], 'close 1000');
closed('two closes', [frame(close, closing(1000)), frame(close, closing(1001))], 'close 1000');
closed('a message before the close is answered first', Buffer.concat([frame(text, PING), frame(close, closing(1000))]), ['PONG', 'close 1000']);
closed('the end of the connection without a close', [{ half: true }], []);
closed('the end of the connection inside a frame', [frame(text, PING).subarray(0, 4), { half: true }], []);
closed('the end of the connection between fragments', [frame(text, '{"type"', { fin: false }), { half: true }], []);

// --- UTF-8

const inside = (bytes) => Buffer.concat([Buffer.from('{"type":"PING","x":"'), Buffer.from(bytes), Buffer.from('"}')]);
// Every cut of `payload` into two fragments that lies within the bytes at `start` to `end`.
const splits = (payload, start, end) => Array.from({ length: end - start + 1 }, (_, at) =>
  fragments([payload.subarray(0, start + at), payload.subarray(start + at)]));
const START = '{"type":"PING","x":"'.length;
const VALID = {
  'Greek': 'κόσμε', 'the first of two bytes': '\u0080', 'the last of two bytes': '\u07ff', 'the first of three bytes': '\u0800',
  'the last before the surrogates': '\ud7ff', 'the first after the surrogates': '\ue000', 'a noncharacter': '\uffff',
  'the replacement character': '\ufffd', 'the first of four bytes': '\u{10000}', 'the last of all': '\u{10ffff}', 'an emoji with joiners': '👩‍👩‍👧',
};
for (const [what, characters] of Object.entries(VALID)) {
  const payload = inside(characters);
  answered(`UTF-8: ${what}`, frame(text, payload), 'PONG');
  const cuts = splits(payload, START, START + Buffer.byteLength(characters));
  answered(`UTF-8: ${what}, cut everywhere`, cuts.flat(), cuts.map(() => 'PONG'));
  answered(`UTF-8: ${what}, byte by byte`, inPieces(frame(text, payload), 1), 'PONG');
}
const INVALID = {
  'a lone continuation 80': [0x80], 'a lone continuation bf': [0xbf], 'two continuations': [0x80, 0xbf], 'a lead without continuation': [0xc3, 0x28],
  'three bytes, the second wrong': [0xe2, 0x28, 0xa1], 'three bytes, the third wrong': [0xe2, 0x82, 0x28], 'four bytes, the second wrong': [0xf0, 0x28, 0x8c, 0xbc],
  'four bytes, the last wrong': [0xf0, 0x90, 0x8c, 0x28], 'NUL in two bytes': [0xc0, 0x80], 'a slash in two bytes': [0xc0, 0xaf], 'overlong c1 bf': [0xc1, 0xbf],
  'a slash in three bytes': [0xe0, 0x80, 0xaf], 'overlong e0 9f bf': [0xe0, 0x9f, 0xbf], 'a slash in four bytes': [0xf0, 0x80, 0x80, 0xaf], 'overlong f0 8f bf bf': [0xf0, 0x8f, 0xbf, 0xbf],
  'the first surrogate': [0xed, 0xa0, 0x80], 'the last surrogate': [0xed, 0xbf, 0xbf], 'a pair of surrogates': [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80],
  'beyond the last character': [0xf4, 0x90, 0x80, 0x80], 'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80], 'six bytes': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  'the byte fe': [0xfe], 'the byte ff': [0xff], 'f5': [0xf5, 0x80, 0x80, 0x80],
};
for (const [what, bytes] of Object.entries(INVALID)) {
  closed(`no UTF-8: ${what}`, frame(text, inside(bytes)), 'close 1007');
  const middle = START + Math.ceil(bytes.length / 2);
  const payload = inside(bytes);
  closed(`no UTF-8: ${what}, in two fragments`, fragments([payload.subarray(0, middle), payload.subarray(middle)]), 'close 1007');
}
for (const [what, bytes] of [['two', [0xc3]], ['three', [0xe2, 0x82]], ['four', [0xf0, 0x9f, 0x98]]])
  closed(`a message that ends inside a character of ${what} bytes`, frame(text, Buffer.concat([Buffer.from('"'), Buffer.from(bytes)])), 'close 1007');
closed('a character that a second message would complete', [frame(text, Buffer.from([0xe2, 0x82])), frame(text, Buffer.from([0xac]))], 'close 1007');
closed('bad UTF-8 in a fragment is refused before the last one', frame(text, Buffer.from([0x22, 0xff]), { fin: false }), 'close 1007');

// --- Limits

const MiB = 1 << 20;
answered('the largest message', frame(text, padded(MiB)), 'PONG');
closed('a message one byte too large', frame(text, padded(MiB + 1)), 'close 1009');
closed('a message announced as too large, of which nothing is sent', raw(0x81, 0xff, [0, 0, 0, 0, 0, 0x10, 0, 1], ZERO_MASK), 'close 1009');
answered('the largest message in fragments', fragments([padded(MiB / 2), ' '.repeat(MiB / 2)]), 'PONG');
closed('fragments that are too large together', fragments([padded(MiB / 2), ' '.repeat(MiB / 2), ' ']), 'close 1009');
closed('endless fragments', Array.from({ length: 20 }, (_, at) => frame(at === 0 ? text : continuation, ' '.repeat(65536), { fin: false })), 'close 1009');
closed('a flood of pings', Buffer.concat(Array.from({ length: 2000 }, () => frame(ping, ''))), 'close 1008', { skipOlderPongs: true });

// --- Messages of ours

for (const [what, message, code] of [
  ['empty', '', 'PARSE_ERROR'], ['no JSON', 'hello', 'PARSE_ERROR'], ['cut off', '{"type":"PI', 'PARSE_ERROR'], ['a list', '[]', 'PARSE_ERROR'],
  ['null', 'null', 'PARSE_ERROR'], ['two values', '{"type":"PING"}{}', 'PARSE_ERROR'], ['a lone surrogate', '{"type":"PING","x":"\\ud800"}', 'PARSE_ERROR'],
  ['nested too deeply', '['.repeat(5000), 'PARSE_ERROR'], ['a number out of range', '{"type":"PING","x":1e999}', 'PARSE_ERROR'],
  ['without a type', '{}', 'UNKNOWN_MESSAGE'], ['with a number as type', '{"type":5}', 'UNKNOWN_MESSAGE'], ['of an unknown type', '{"type":"QUIT"}', 'UNKNOWN_MESSAGE'],
  ['of a type in small letters', '{"type":"ping"}', 'UNKNOWN_MESSAGE'], ['of a server\'s type', '{"type":"RESULT"}', 'UNKNOWN_MESSAGE'],
  ['TRIGGER without a tool', '{"type":"TRIGGER"}', 'INVALID_ARGUMENT'], ['TRIGGER of an unknown tool', '{"type":"TRIGGER","tool":"none"}', 'TOOL_NOT_FOUND'],
  ['TRIGGER of __proto__', '{"type":"TRIGGER","tool":"__proto__"}', 'TOOL_NOT_FOUND'], ['a requestId that is a number', '{"type":"PING","requestId":1}', 'INVALID_ARGUMENT'],
  ['a requestId too long', JSON.stringify({ type: 'PING', requestId: 'x'.repeat(129) }), 'INVALID_ARGUMENT'], ['SET without a path', '{"type":"SET","value":1}', 'INVALID_ARGUMENT'],
  ['SET of an unknown key', '{"type":"SET","path":["none"],"value":1}', 'INVALID_ARGUMENT'], ['SET through __proto__', '{"type":"SET","path":["__proto__","x"],"value":1}', 'INVALID_ARGUMENT'],
  ['SET of the wrong type', '{"type":"SET","path":["n"],"value":"text"}', 'INVALID_ARGUMENT'], ['SUBSCRIBE to nothing', '{"type":"SUBSCRIBE"}', 'INVALID_ARGUMENT'],
  ['SUBSCRIBE to an unknown topic', '{"type":"SUBSCRIBE","topics":["all"]}', 'INVALID_ARGUMENT'], ['UNSUBSCRIBE from an unknown key', '{"type":"UNSUBSCRIBE","keys":["none"]}', 'INVALID_ARGUMENT'],
]) answered(`a message ${what}`, frame(text, message), `ERROR ${code}`);
answered('a message with a byte order mark', frame(text, `\ufeff${PING}`), 'ERROR PARSE_ERROR');
answered('a type that is written with escapes', frame(text, '{"type":"\\u0050ING"}'), 'PONG');
answered('unknown members are passed over', frame(text, '{"type":"PING","more":[1,{}]}'), 'PONG');
closed('binary where text is spoken', frame(binary, PING), 'close 1003');
closed('an empty binary message', frame(binary), 'close 1003');

// --- The MessagePack subprotocol

const MSGPACK_PING = Buffer.from([0x81, 0xa4, ...Buffer.from('type'), 0xa4, ...Buffer.from('PING')]);
const packed = { protocol: 'nexus.v1.msgpack' };
answered('MessagePack: a message', frame(binary, MSGPACK_PING), 'PONG', packed);
answered('MessagePack: a message in fragments', fragments([MSGPACK_PING.subarray(0, 3), MSGPACK_PING.subarray(3)], binary), 'PONG', packed);
answered('MessagePack: a ping', frame(ping, 'x'), 'pong:x', packed);
closed('MessagePack: text', frame(text, PING), 'close 1003', packed);
for (const [what, bytes] of [
  ['nothing', []], ['the byte that means nothing', [0xc1]], ['a map cut off', [0x81]], ['a map of four billion', [0xdf, 0xff, 0xff, 0xff, 0xff]], ['a list', [0x90]], ['bytes after the end', [...MSGPACK_PING, 0]],
  ['an extension', [0xd4, 1, 0]], ['a key that is no text', [0x81, 1, 1]], ['text that is no UTF-8', [0x81, 0xa4, ...Buffer.from('type'), 0xa1, 0xff]], ['NaN', [0x81, 0xa1, 0x78, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]],
  ['nested too deeply', Array(5000).fill(0x91)],
]) answered(`MessagePack: ${what}`, frame(binary, bytes), 'ERROR PARSE_ERROR', packed);

export { cases as websocketCases };
