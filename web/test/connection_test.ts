import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { describeConnection, followConnection } from "../src/banner.ts";
import { Connection, TriggerError, retryDelay } from "../src/connection.ts";
import type { Json, ServerMessage } from "../src/protocol.ts";
import { SignInNeeded } from "../src/remote.ts";
import { Store } from "../src/store.ts";
import { Writes } from "../src/writes.ts";

// Stands in for the browser's socket; the test plays the server.
class FakeSocket {
  static all: FakeSocket[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Record<string, Json>[] = [];
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, Json>);
  }
  close(): void {}
  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  hello(version = 0, state = {}): void {
    this.say({ type: "CONNECTED", version, epoch: "e", panelId: "p", state });
  }
  patch(version: number, key = "n", value: Json = version): void {
    this.say({ type: "PATCH", version, mutations: [{ operation: "set", key, value }], timestamp: 0 });
  }
}

let online = true;
let heard: ServerMessage[] = [];
let exists = true;
let connection: Connection;
const socket = () => FakeSocket.all.at(-1)!;

beforeEach((context) => {
  (context as { mock: typeof import("node:test").mock }).mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  FakeSocket.all = [];
  [online, heard, exists] = [true, [], true];
  Object.assign(globalThis, {
    WebSocket: FakeSocket,
    document: new EventTarget(),
    addEventListener: () => {},
    removeEventListener: () => {},
  });
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { get onLine() { return online; } } });
  connection = new Connection("ws://here/panels/p/ws", {
    onMessage: (message) => heard.push(message),
    panelExists: () => Promise.resolve(exists),
  });
  connection.open();
});
afterEach(() => connection.close("the test is over"));

test("pauses grow, stay within the bound, and are spread", () => {
  const shortest = [0, 1, 2, 3, 10, 1000].map((attempt) => retryDelay(attempt, 0));
  const longest = [0, 1, 2, 3, 10, 1000].map((attempt) => retryDelay(attempt, 0.999999));
  assert.deepEqual(shortest, [250, 500, 1000, 2000, 15000, 15000]);
  assert.deepEqual(longest, [500, 1000, 2000, 4000, 30000, 30000]);
});

test("the seconds of a pause are counted, and while there is a connection nothing ticks", (context) => {
  const shown: string[] = [];
  const end = followConnection(connection.state, (state) => shown.push(describeConnection(state, Date.now())));
  socket().hello();
  context.mock.timers.tick(20_000);
  assert.deepEqual(shown.splice(0), ["Connecting", "Live"]);
  socket().onclose?.({ code: 1006, reason: "reconnect in 2000 ms" });
  context.mock.timers.tick(1900);
  assert.deepEqual([...new Set(shown)], ["Reconnecting in 2 s", "Reconnecting in 1 s"]);
  const { length } = shown;
  end();
  context.mock.timers.tick(5000);
  assert.equal(shown.length, length);
});

test("patches are handed on in order of version", () => {
  socket().hello(4);
  for (const version of [5, 6]) socket().patch(version);
  assert.deepEqual(heard.map(({ type, version }) => [type, version]), [["CONNECTED", 4], ["PATCH", 5], ["PATCH", 6]]);
});

test("a patch that is already part of the snapshot is ignored, a repeat of the current one is not", () => {
  socket().hello(4);
  socket().patch(3);
  assert.equal(heard.length, 1);
  socket().patch(4);
  assert.equal(heard.length, 2);
});

test("one patch may stand for several, and must reach back to what is there", () => {
  socket().hello(4);
  socket().say({ type: "PATCH", version: 9, from: 4, patch: [], timestamp: 0 });
  socket().patch(10);
  assert.deepEqual(heard.map(({ version }) => version), [4, 9, 10]);
  socket().say({ type: "PATCH", version: 20, from: 11, patch: [], timestamp: 0 });
  assert.equal(FakeSocket.all.length, 2);
});

test("a gap in the versions asks for a new snapshot", () => {
  socket().hello(4);
  socket().patch(6);
  assert.equal(FakeSocket.all.length, 2);
  assert.equal(heard.length, 1);
});

const asksFor = (url: string) => [...new URL(url).searchParams].filter(([name]) => name === "epoch" || name === "since");

test("after a cut only what is missing is asked for, and patches go on where they stopped", (context) => {
  assert.deepEqual(asksFor(socket().url), []);
  socket().hello(4);
  socket().patch(5);
  socket().onclose?.({ code: 1006, reason: "" });
  context.mock.timers.tick(500);
  assert.deepEqual(asksFor(socket().url), [["epoch", "e"], ["since", "5"]]);
  socket().say({ type: "CONNECTED", version: 7, epoch: "e", panelId: "p" });
  socket().patch(6);
  socket().patch(7);
  assert.deepEqual(heard.slice(2).map(({ type, version }) => [type, version]), [["CONNECTED", 7], ["PATCH", 6], ["PATCH", 7]]);
  assert.equal(connection.version, 7);
  assert.equal(FakeSocket.all.length, 2);
});

test("after a cut a snapshot is taken as well", (context) => {
  socket().hello(4);
  socket().onclose?.({ code: 1006, reason: "" });
  context.mock.timers.tick(500);
  socket().hello(90, { n: 90 });
  socket().patch(91);
  assert.equal(connection.version, 91);
  assert.equal(FakeSocket.all.length, 2);
});

test("after a gap a snapshot is asked for, not the patches after it", () => {
  socket().hello(4);
  socket().patch(6);
  assert.deepEqual(asksFor(socket().url), []);
});

test("a trigger that may wait is sent once when the connection is back, and fails when there will be none", async (context) => {
  socket().onclose?.({ code: 1006, reason: "" });
  const later = connection.trigger("add", [1], { whenOffline: "queue" });
  const never = connection.trigger("add", [2], { whenOffline: "queue" });
  context.mock.timers.tick(500);
  socket().hello();
  assert.equal(socket().sent.length, 0, "not before what it must find is sent");
  connection.sendWaiting();
  connection.sendWaiting();
  assert.deepEqual(socket().sent.map(({ args }) => args), [[1], [2]]);
  const result = { executionId: "x", status: "success", returnValue: 1 };
  socket().say({ type: "RESULT", version: 0, requestId: socket().sent[0]!.requestId, result });
  assert.equal((await later).returnValue, 1);
  connection.close("the test ends it");
  await assert.rejects(never, { code: "CONNECTION_LOST" });
  await assert.rejects(connection.trigger("add", [], { whenOffline: "queue" }), { code: "OFFLINE" });
});

test("a token that is no longer accepted ends the attempts and says so", async () => {
  connection.close("replaced");
  connection = new Connection("ws://here/panels/p/ws", {
    onMessage: () => {},
    panelExists: () => Promise.resolve(true),
    ticket: () => Promise.reject(new SignInNeeded("the server asks for a token")),
  });
  connection.open();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(connection.state.value, { kind: "closed", code: "UNAUTHORIZED", reason: "the server asks for a token" });
});

test("a result goes to who asked, and only once", async () => {
  socket().hello();
  const result = connection.trigger("add", [1]);
  const { requestId, tool, args, type } = socket().sent[0]!;
  assert.deepEqual([type, tool, args], ["TRIGGER", "add", [1]]);
  for (const returnValue of [7, 8])
    socket().say({ type: "RESULT", version: 0, requestId, result: { executionId: "x", status: "success", returnValue } });
  assert.equal((await result).returnValue, 7);
});

test("an ERROR rejects the trigger it belongs to", async () => {
  socket().hello();
  const result = connection.trigger("nope", undefined);
  assert.ok(!("args" in socket().sent[0]!));
  socket().say({ type: "ERROR", version: 0, code: "TOOL_NOT_FOUND", message: "no tool", requestId: socket().sent[0]!.requestId });
  await assert.rejects(result, (error: TriggerError) => error.code === "TOOL_NOT_FOUND" && error.message === "no tool");
});

test("progress is heard before the result", async () => {
  socket().hello();
  const calls: unknown[] = [];
  const result = connection.trigger("slow", undefined, { onProgress: (list) => calls.push(list) });
  const { requestId } = socket().sent[0]!;
  socket().say({ type: "PROGRESS", version: 0, requestId, executionId: "x", status: "suspended", calls: [{ id: "1" }] });
  socket().say({ type: "RESULT", version: 0, requestId, result: { executionId: "x", status: "success" } });
  await result;
  assert.deepEqual(calls, [[{ id: "1" }]]);
});

test("without a connection a trigger fails at once", async () => {
  await assert.rejects(connection.trigger("add", undefined), { code: "OFFLINE" });
});

test("a lost connection rejects what waits and comes back by itself", async (context) => {
  socket().hello();
  const result = connection.trigger("slow", undefined);
  socket().onclose?.({ code: 1006, reason: "" });
  await assert.rejects(result, { code: "CONNECTION_LOST" });
  assert.equal(connection.state.value.kind, "waiting");
  context.mock.timers.tick(500);
  assert.equal(FakeSocket.all.length, 2);
  socket().hello(9);
  assert.equal(connection.state.value.kind, "live");
});

test("a server that goes away says when to come back", (context) => {
  socket().hello();
  socket().onclose?.({ code: 1001, reason: "the server shuts down; reconnect in 2345 ms" });
  context.mock.timers.tick(2344);
  assert.equal(FakeSocket.all.length, 1);
  context.mock.timers.tick(1);
  assert.equal(FakeSocket.all.length, 2);
});

test("a panel that was removed is not asked for again", async (context) => {
  socket().hello();
  socket().onclose?.({ code: 1000, reason: "" });
  assert.equal(connection.state.value.kind, "closed");
  context.mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("a refused connection to a panel that is gone ends the attempts", async (context) => {
  exists = false;
  socket().onclose?.({ code: 1006, reason: "" });
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(connection.state.value.kind, "closed");
  context.mock.timers.tick(60_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("while the browser is offline no attempt is made", (context) => {
  socket().hello();
  online = false;
  socket().onclose?.({ code: 1006, reason: "" });
  assert.equal(connection.state.value.kind, "offline");
  context.mock.timers.tick(120_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("a silent connection is pinged, then replaced", (context) => {
  socket().hello();
  context.mock.timers.tick(25_000);
  assert.ok(socket().sent.some(({ type }) => type === "PING"));
  context.mock.timers.tick(25_000);
  assert.notEqual(connection.state.value.kind, "live");
});

test("a frame that is no message restarts the connection", () => {
  socket().hello();
  socket().onmessage?.({ data: "{" });
  assert.equal(connection.state.value.kind, "waiting");
});

function writing() {
  const store = new Store();
  store.reset({ name: "a" });
  const writes = new Writes(store, connection);
  socket().hello();
  const refused: string[] = [];
  const type = (text: string) => writes.set(["name"], text, { refused: (message) => void refused.push(message) });
  const arrive = (value: Json) => {
    store.apply([{ op: "add", path: "/name", value }]);
    writes.confirm();
  };
  return { store, writes, refused, type, arrive };
}

test("typing shows at once and is sent when it pauses", (context) => {
  const { store, type } = writing();
  for (const text of ["b", "bc", "bcd"]) {
    type(text);
    context.mock.timers.tick(100);
  }
  assert.equal(store.read("name"), "bcd");
  assert.equal(socket().sent.length, 0);
  context.mock.timers.tick(150);
  assert.deepEqual(socket().sent.map(({ type, path, value }) => [type, path, value]), [["SET", ["name"], "bcd"]]);
});

test("the patch of an earlier write does not undo what was typed since", (context) => {
  const { store, writes, type, arrive } = writing();
  type("b");
  context.mock.timers.tick(150);
  type("bc");
  arrive("b");
  assert.equal(store.read("name"), "bc");
  context.mock.timers.tick(150);
  assert.equal(writes.isPending(["name"]), true);
  arrive("bc");
  assert.equal(writes.isPending(["name"]), false);
  arrive("somebody else's");
  assert.equal(store.read("name"), "somebody else's");
});

test("a refused write is taken back and says why", (context) => {
  const { store, writes, refused, type } = writing();
  type("b");
  context.mock.timers.tick(150);
  const requestId = String(socket().sent[0]!.requestId);
  assert.equal(writes.refuse("other", "no"), false);
  assert.equal(writes.refuse(requestId, "too long"), true);
  assert.equal(store.read("name"), "a");
  assert.deepEqual(refused, ["too long"]);
});

test("a run sees what was typed just before it", () => {
  const { writes, type } = writing();
  type("b");
  writes.flush();
  void connection.trigger("go", undefined).catch(() => {});
  assert.deepEqual(socket().sent.map(({ type }) => type), ["SET", "TRIGGER"]);
});

test("what was typed while the connection was away is sent when it is back", (context) => {
  const { store, writes, type } = writing();
  socket().onclose?.({ code: 1006, reason: "" });
  type("b");
  context.mock.timers.tick(500);
  assert.equal(store.read("name"), "b");
  socket().hello();
  writes.resend();
  assert.deepEqual(socket().sent.map(({ type, value }) => [type, value]), [["SET", "b"]]);
});

// A connection that shows tickets; the test hands them out.
function ticketed() {
  connection.close("replaced");
  FakeSocket.all = [];
  const asked: { resolve(ticket: string | undefined): void; reject(error: Error): void }[] = [];
  connection = new Connection("ws://here/panels/p/ws?x=1", {
    onMessage: () => {},
    panelExists: () => Promise.resolve(true),
    ticket: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
  });
  connection.open();
  return { asked, settled: () => new Promise((resolve) => setImmediate(resolve)) };
}

test("each attempt shows a ticket of its own", async (context) => {
  const { asked, settled } = ticketed();
  assert.equal(FakeSocket.all.length, 0, "not before the ticket is there");
  asked[0]!.resolve("a&b");
  await settled();
  assert.equal(socket().url, "ws://here/panels/p/ws?x=1&ticket=a%26b");
  socket().hello();
  socket().onclose?.({ code: 4401, reason: "token expired" });
  context.mock.timers.tick(500);
  asked[1]!.resolve("second");
  await settled();
  assert.equal(FakeSocket.all.length, 2);
  assert.match(socket().url, /[?&]ticket=second(&|$)/);
});

test("without a ticket the attempt waits for its next turn, and without need for one it goes on", async (context) => {
  const { asked, settled } = ticketed();
  asked[0]!.reject(new Error("down"));
  await settled();
  assert.equal(connection.state.peek().kind, "waiting");
  context.mock.timers.tick(500);
  asked[1]!.resolve(undefined);
  await settled();
  assert.equal(socket().url, "ws://here/panels/p/ws?x=1");
});

test("a ticket that comes after the end opens nothing", async () => {
  const { asked, settled } = ticketed();
  connection.close("gone");
  asked[0]!.resolve("late");
  await settled();
  assert.equal(FakeSocket.all.length, 0);
});
