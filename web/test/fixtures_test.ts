// The messages of protocol/fixtures, which the server's tests write and read too.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { parseMessage } from "../src/connection.ts";
import type { ClientMessage, ServerMessage } from "../src/protocol.ts";
import { Store } from "../src/store.ts";

const folder = new URL("../../protocol/fixtures/", import.meta.url);
const read = (side: string): [string, string][] =>
  readdirSync(new URL(side, folder)).map((file) => [file.replace(".json", ""), readFileSync(new URL(`${side}/${file}`, folder), "utf8").trim()]);
const server = new Map<string, ServerMessage | undefined>(read("server").map(([name, text]) => [name, parseMessage(text)]));

const pick = <T extends ServerMessage["type"]>(name: string, type: T): Extract<ServerMessage, { type: T }> => {
  const message = server.get(name);
  assert.equal(message?.type, type, name);
  return message as Extract<ServerMessage, { type: T }>;
};

test("every message of the server is one for this client", () => {
  for (const [name, message] of server) assert.ok(message, name);
  assert.equal(pick("connected", "CONNECTED").state?.port, "Brest");
  assert.equal(pick("connected_resumed", "CONNECTED").state, undefined);
  assert.equal(pick("event", "EVENT").event.name, "toast");
  assert.equal(pick("view", "VIEW").commands[0]?.componentId, "name");
  assert.equal(pick("progress", "PROGRESS").calls[0]?.extension, "http");
  assert.deepEqual(pick("progress_reported", "PROGRESS").calls[0]?.progress, { received: 512, total: 2048 });
  assert.equal(pick("result", "RESULT").result.metrics.hostCalls.state_get, 2);
  assert.equal(pick("result_error", "RESULT").result.error?.code, "TIMEOUT");
  assert.equal(pick("error", "ERROR").requestId, "r8");
  assert.equal(pick("pong", "PONG").version, 5);
  assert.equal(pick("patch_operations_merged", "PATCH").from, 5);
});

test("a patch of the server is applied to the state it was made for", () => {
  const store = new Store();
  store.reset({ rows: [{ id: 1, name: "x" }], busy: true });
  store.apply(pick("patch_operations", "PATCH").patch ?? []);
  assert.deepEqual(store.read("rows"), [{ id: 1, name: "a/b" }, { id: 2 }]);
  assert.equal(store.read("busy"), undefined);
});

test("this client writes its messages as the server reads them", () => {
  const written: Record<string, ClientMessage> = {
    trigger: { type: "TRIGGER", tool: "load", args: { days: 2 }, requestId: "r7" },
    trigger_by_position: { type: "TRIGGER", tool: "load", args: [2, "Brest"] },
    set: { type: "SET", path: ["rows", 0, "name"], value: "Brest", requestId: "w1" },
    subscribe: { type: "SUBSCRIBE", topics: ["state", "events", "view"], keys: ["rows", "busy"], requestId: "s1" },
    unsubscribe: { type: "UNSUBSCRIBE", keys: ["*"] },
    ping: { type: "PING" },
  };
  const fixtures = read("client");
  assert.equal(fixtures.length, Object.keys(written).length);
  for (const [name, text] of fixtures) assert.equal(JSON.stringify(written[name]), text, name);
});
