import assert from "node:assert/strict";
import { test } from "node:test";
import { Remote, SignInNeeded, panelAddress } from "../src/remote.ts";

const kPage = "https://site.example/docs/page.html";

test("a panel's address may be that of the panel or of its page, absolute or relative, below any prefix", () => {
  const cases: [string, string, string][] = [
    ["https://nexus.example/panels/counter", "https://nexus.example", "counter"],
    ["http://nexus.example:3000/p/counter/", "http://nexus.example:3000", "counter"],
    ["/panels/counter", "https://site.example", "counter"],
    ["../nexus/panels/a.b-c", "https://site.example/nexus", "a.b-c"],
    ["//other.example/nexus/p/x%20y?z=1#w", "https://other.example/nexus", "x y"],
  ];
  for (const [src, base, id] of cases) assert.deepEqual(panelAddress(src, kPage), { base, id }, src);
});

test("what is no address of a panel says so", () => {
  for (const src of ["", "counter", "https://nexus.example/", "javascript:alert(1)", "javascript://x/panels/a", "ftp://x/panels/a",
    "https://nexus.example/panels/", "https://nexus.example/panels/a/state", "https://["])
    assert.throws(() => panelAddress(src, kPage), /is no address of a panel/, src);
});

test("the socket is where the panel is, encrypted when its page is", () => {
  assert.equal(new Remote(panelAddress("https://n.example/a/p/x", kPage)).socketUrl, "wss://n.example/a/panels/x/ws?patches=json-patch");
  assert.equal(new Remote(panelAddress("http://n.example/p/x", kPage)).socketUrl, "ws://n.example/panels/x/ws?patches=json-patch");
});

interface Asked {
  url: string;
  authorization: string | null;
  body: string | undefined;
}

// Answers each request in turn with a status and a body.
function answering(...answers: [number, unknown][]): Asked[] {
  const asked: Asked[] = [];
  globalThis.fetch = ((url: string, init: RequestInit) => {
    asked.push({ url, authorization: new Headers(init.headers).get("authorization"), body: init.body as string | undefined });
    const [status, body] = answers[asked.length - 1] ?? [500, {}];
    const response = new Response(JSON.stringify(body), { status });
    Object.defineProperty(response, "url", { value: url });
    return Promise.resolve(response);
  }) as typeof fetch;
  return asked;
}

test("a ticket is asked for with the token of the moment, and with none there is none", async () => {
  const asked = answering([200, { ticket: "t1" }], [200, { ticket: "t2" }]);
  let token: string | undefined = "one";
  const remote = new Remote(panelAddress("https://n.example/p/x", kPage), () => token);
  assert.equal(await remote.ticket(), "t1");
  token = "two";
  assert.equal(await remote.ticket(), "t2");
  assert.deepEqual(asked.map(({ authorization }) => authorization), ["Bearer one", "Bearer two"]);
  assert.equal(asked[0]?.body, '{"panel":"x"}');
  token = undefined;
  assert.equal(await remote.ticket(), undefined);
  assert.equal(asked.length, 2);
});

test("a refused token asks for another, other failures are failures", async () => {
  answering([401, {}], [500, {}], [404, {}]);
  const remote = new Remote(panelAddress("https://n.example/p/x", kPage), "old");
  await assert.rejects(remote.ticket(), SignInNeeded);
  await assert.rejects(remote.ticket(), /answered 500/);
  assert.equal(await remote.loadAst(), undefined);
});

test("a decision is sent once, and the server's reason against it is what is heard", async () => {
  const asked = answering([200, { approved: true }], [409, { error: { code: "CONFLICT", message: "it was rejected" } }]);
  const remote = new Remote(panelAddress("https://n.example/p/x", kPage));
  await remote.decide("a/1", true, "");
  assert.deepEqual([asked[0]?.url, asked[0]?.body], ["https://n.example/panels/x/approvals/a%2F1", '{"approved":true}']);
  await assert.rejects(remote.decide("a/1", false, "no"), /it was rejected/);
  assert.equal(asked[1]?.body, '{"approved":false,"comment":"no"}');
});
