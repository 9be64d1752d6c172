// The cases of http_cases.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Server, panelWith } from '../e2e/server.mjs';
import { Wire, runCases, show } from './driver.mjs';
import { httpCases } from './http_cases.mjs';

let server;

before(async () => {
  server = await Server.start();
  assert.equal((await server.createPanel(panelWith('return 1;'), { panelId: 'p' })).status, 201);
});
after(() => server.stop());

// The next answer: {status, head, size}; undefined when it has not all arrived.
function takeAnswer(bytes, toHead) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.split(' ')[1]);
  const bodyless = toHead || status === 204 || status === 304 || status < 200;
  const size = end + 4 + (bodyless ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? NaN));
  return bytes.length < size ? undefined : { head, status, size };
}

async function nextAnswer(wire, toHead) {
  const answer = await wire.wait((bytes) => takeAnswer(bytes, toHead), 'an answer');
  if (answer) answer.body = wire.drop(answer.size).subarray(answer.head.length + 4).toString('utf8');
  return answer;
}

function checkAnswer({ head, status, body }, item) {
  if (!head.startsWith('HTTP/1.')) throw new Error(`no status line: ${head.slice(0, 60)}`);
  if (status >= 400 && body !== '') {
    const { error } = JSON.parse(body);
    assert.match(error.code, /^[A-Z_]+$/);
    assert.ok(error.message.length > 0);
  }
  if (item.lacks && head.toLowerCase().includes(item.lacks.toLowerCase())) throw new Error(`${item.lacks} is there`);
}

async function runCase(item) {
  const wire = await Wire.open(server.httpPort);
  try {
    const sent = wire.send(item.send);
    for (const [at, wanted] of item.statuses.entries()) {
      const answer = await nextAnswer(wire, item.heads?.includes(at));
      const seen = answer?.status ?? 'the end of the connection';
      if (![wanted].flat().includes(seen)) throw new Error(`answer ${at + 1} was ${seen}, expected ${wanted}`);
      checkAnswer(answer, item);
    }
    if (item.end === 'closed') await wire.waitForEnd();
    if (item.end === 'open') {
      await sent;
      await wire.send('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
      const answer = await nextAnswer(wire);
      if (answer?.status !== 200) throw new Error(`the connection is not good any more: ${answer?.status}`);
    }
    if (item.end !== 'either' && wire.bytes.length > 0) throw new Error(`an answer too many: ${show(wire.bytes)}`);
  } finally {
    wire.destroy();
  }
}

test(`${httpCases.length} HTTP cases`, async () => {
  assert.ok(httpCases.length >= 60);
  await runCases(httpCases, runCase);
});

test('after all of them the server is well', async () => {
  assert.equal((await server.get('/readyz')).status, 200);
  assert.equal((await server.trigger('p', 'ok')).json.status, 'success');
});
