// Spans on their way to a collector: what belongs to which trace, and a collector that is busy.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { panelWith, Server } from './server.mjs';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
let collector;
let server;
let refusals = 0; // exports that are still to be answered 503
const requests = [];
const spans = [];
let arrived = () => {};

before(async () => {
  collector = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    requests.push({ url: request.url, headers: request.headers });
    if (refusals > 0) {
      refusals -= 1;
      return response.writeHead(503).end();
    }
    for (const resource of JSON.parse(body).resourceSpans)
      for (const scope of resource.scopeSpans)
        for (const span of scope.spans)
          spans.push({ ...span, attributes: plain(span.attributes), resource: plain(resource.resource.attributes) });
    response.setHeader('content-type', 'application/json');
    response.end('{}');
    arrived();
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  server = await Server.start({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=abc,x-other=d=e',
      OTEL_SERVICE_NAME: 'panels-of-tests',
    },
  });
});
after(async () => {
  await server.stop();
  collector.close();
  collector.closeAllConnections?.();
});

const plain = (attributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

// A request that is a step of a trace somebody else began; recorded unless `flags` say otherwise.
const asStep = (method, path, trace, flags = '01') =>
  server.request(method, path, { headers: { traceparent: `00-${trace}-${PARENT}-${flags}` } });

// The first span for which `wanted` holds, now or later.
async function span(wanted) {
  for (;;) {
    const found = spans.find(wanted);
    if (found) return found;
    await new Promise((resolve) => (arrived = resolve));
  }
}

test('a request, the segments of its run and the calls between them are one trace', async () => {
  const handler = 'await $ext.time.sleep(5); $state.n++;';
  const created = await server.createPanel(panelWith(handler, { logic: '<Extension name="nexus.time" alias="time"/>' }), { panelId: 'traced' });
  assert.equal(created.status, 201, created.text);
  const answer = await asStep('POST', '/panels/traced/trigger/run', TRACE);
  assert.equal(answer.status, 200);
  const [, traceId, spanId] = answer.headers.get('traceparent').split('-');
  assert.equal(traceId, TRACE);

  const request = await span((each) => each.spanId === spanId);
  assert.equal(request.parentSpanId, PARENT);
  assert.equal(request.kind, 2);
  assert.equal(request.name, 'POST /panels/{id}/trigger/{tool}');
  assert.equal(request.attributes['http.response.status_code'], '200');
  assert.equal(request.attributes['nexus.panel'], 'traced');
  assert.equal(request.resource['service.name'], 'panels-of-tests');

  const below = spans.filter((each) => each.traceId === TRACE && each.parentSpanId === spanId);
  const names = below.map((each) => `${each.name} ${each.attributes['nexus.status'] ?? ''}`.trim());
  assert.deepEqual(names.sort(), ['run run success', 'run run suspended', 'time.sleep']);
  const call = below.find((each) => each.name === 'time.sleep');
  assert.ok(BigInt(call.endTimeUnixNano) - BigInt(call.startTimeUnixNano) >= 5_000_000n);
  for (const each of below) {
    assert.ok(BigInt(each.startTimeUnixNano) <= BigInt(each.endTimeUnixNano));
    assert.equal(each.attributes['nexus.run'], call.attributes['nexus.run']);
  }
  assert.equal(requests[0].url, '/v1/traces');
  assert.equal(requests[0].headers['x-key'], 'abc');
  assert.equal(requests[0].headers['x-other'], 'd=e');
});

test('who does not want a trace recorded gets none', async () => {
  const before = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
  await asStep('GET', '/panels', before, '00');
  const later = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
  await asStep('GET', '/panels', later);
  await span((each) => each.traceId === later);
  assert.ok(!spans.some((each) => each.traceId === before));
});

test('a TRIGGER of a socket begins a trace, and a failed run shows its code and not its message', async () => {
  const created = await server.createPanel(panelWith('throw new Error("of a customer");'), { panelId: 'failing' });
  assert.equal(created.status, 201, created.text);
  const client = await server.connect('failing');
  client.send({ type: 'TRIGGER', tool: 'run', requestId: '1' });
  await client.untilType('RESULT');
  await client.close();
  const run = await span((each) => each.attributes['nexus.panel'] === 'failing' && each.name === 'run run');
  assert.equal(run.status.code, 2);
  assert.ok(!JSON.stringify(run).includes('customer'));
  const request = await span((each) => each.spanId === run.parentSpanId);
  assert.match(request.name, /^TRIGGER /);
  assert.equal(request.traceId, run.traceId);
});

test('spans that a busy collector does not take are sent again', async () => {
  refusals = 2;
  const trace = 'cccccccccccccccccccccccccccccccc';
  await asStep('GET', '/panels', trace);
  await span((each) => each.traceId === trace);
  assert.equal(refusals, 0);
  assert.match(server.log, /traces cannot be sent to \S+\/v1\/traces: the collector answers 503/);
});

test('/metrics counts them', async () => {
  const { text } = await server.get('/metrics');
  assert.match(text, /^nexus_trace_spans_total\{result="exported"\} [1-9]/m);
  assert.match(text, /^nexus_trace_spans_total\{result="dropped"\} 0$/m);
});

test('an endpoint that is no web address refuses the start', async () => {
  await assert.rejects(Server.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' } }),
    /OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" is not the address of a collector/);
});
