'use strict';

const { load } = require('./lib/load.js');
const { serialize } = require('./lib/serialize.js');

const native = load();

const contextFields = new Set(
  ['panelId', 'handlerName', 'state', 'args', 'scope', 'capabilities', 'extensionRegistry']);

function text(name, value, otherwise) {
  if (value === undefined && otherwise !== undefined) return otherwise;
  if (typeof value !== 'string') throw new TypeError(`${name} is ${typeof value}, not a string`);
  return value;
}

function record(name, value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new TypeError(`${name} is ${value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value}, not an object`);
  return value;
}

function texts(name, value) {
  if (!Array.isArray(value)) throw new TypeError(`${name} is not a list`);
  return value.map((item, i) => text(`${name}[${i}]`, item));
}

// The native form of `extensionRegistry`: {alias: [method, ...]} or {alias: {methods, scope}}.
function extensions(registry = {}) {
  return Object.entries(record('extensionRegistry', registry)).map(([alias, entry]) => {
    const name = `extensionRegistry.${alias}`;
    const { methods, scope } = Array.isArray(entry) ? { methods: entry } : record(name, entry);
    return { alias, scope: text(`${name}.scope`, scope, alias), methods: texts(`${name}.methods`, methods) };
  });
}

function plain(name, value) {
  return value === undefined ? undefined : serialize(name, value);
}

function packedField(name, value) {
  if (value !== undefined && !(value instanceof Uint8Array)) throw new TypeError(`${name} is not a Buffer of MessagePack`);
  return value;
}

function makeCall(code, context, timeoutMs, field) {
  record('context', context);
  for (const name of Object.keys(context))
    if (!contextFields.has(name)) throw new TypeError(`context.${name}: there is no such field`);
  return {
    code,
    timeoutMs,
    panelId: text('context.panelId', context.panelId, ''),
    handlerName: text('context.handlerName', context.handlerName, 'handler'),
    state: field('context.state', context.state),
    args: field('context.args', context.args),
    scope: field('context.scope', context.scope),
    capabilities: texts('context.capabilities', context.capabilities ?? []),
    extensions: extensions(context.extensionRegistry),
  };
}

function blob(value) {
  if (!(value instanceof Uint8Array)) throw new TypeError('the precompiled handler is not a Buffer');
  return value;
}

function makeResume(suspensionId, result, field) {
  record('result', result);
  const call = {
    suspensionId: text('suspensionId', suspensionId),
    success: result.success === true,
    state: field('result.state', result.state),
  };
  if (typeof result.success !== 'boolean') throw new TypeError('result.success is not true or false');
  if (call.success) return { ...call, value: field('result.value', result.value) };
  return { ...call, error: text('result.error', result.error), code: result.code === undefined ? undefined : text('result.code', result.code) };
}

// The parts of a result that are texts, and `suspension`, the first of the open ones.
function read(answer) {
  const result = JSON.parse(answer.text);
  if (answer.suspensionArgs) result.suspensions.forEach((each, i) => { each.args = answer.suspensionArgs[i]; });
  if (result.suspensions) result.suspension = result.suspensions[0];
  return result;
}

function readPacked(answer) {
  const { text: ignored, suspensionArgs, ...buffers } = answer;
  return Object.assign(read(answer), buffers);
}

let warn = (message) => process.emitWarning(message, 'NexusWarning');

class NexusRuntime {
  #native;

  constructor(config) {
    this.#native = new native.NativeRuntime(config, (message) => warn(message));
  }

  // Resolved at once: the constructor has started everything.
  async init() {}

  // Values as plain JavaScript.
  async execute(code, context, timeoutMs) {
    return read(await this.#native.run(makeCall(text('code', code), context, timeoutMs, plain), false));
  }
  async executeCompiled(compiled, context, timeoutMs) {
    return read(await this.#native.run(makeCall(blob(compiled), context, timeoutMs, plain), false));
  }
  async resume(suspensionId, result) {
    return read(await this.#native.resume(makeResume(suspensionId, result, plain), false));
  }
  // Forgets a run that waits; false when there is none of that id.
  async cancel(executionId) { return this.#native.cancel(text('executionId', executionId)); }
  async precompile(code) {
    return (await this.#native.precompile(text('code', code))).blob;
  }

  // Values as MessagePack in Buffers.
  async executeHandler(code, context, timeoutMs) {
    return readPacked(await this.#native.run(makeCall(text('code', code), context, timeoutMs, packedField), true));
  }
  async executeCompiledHandler(compiled, context, timeoutMs) {
    return readPacked(await this.#native.run(makeCall(blob(compiled), context, timeoutMs, packedField), true));
  }
  async resumeHandler(suspensionId, result) {
    return readPacked(await this.#native.resume(makeResume(suspensionId, result, packedField), true));
  }
  precompileHandler(code) { return this.precompile(code); }

  async getStats() { return this.#native.stats(); }
  async getPrometheusMetrics() { return this.#native.metrics(); }
  getMetrics() { return this.getPrometheusMetrics(); }

  async shutdown() { return this.#native.shutdown(); }

  static inferCapabilities(code) { return native.inferCapabilities(text('code', code)); }
}

// The names with underscores are the same methods.
for (const owner of [NexusRuntime, NexusRuntime.prototype]) {
  for (const name of Object.getOwnPropertyNames(owner)) {
    const underscored = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (typeof owner[name] !== 'function' || name === 'constructor' || underscored === name) continue;
    Object.defineProperty(owner, underscored, { value: owner[name], writable: true, configurable: true });
  }
}

// Says where warnings go: that the cache directory cannot be used, for example. Without it they are warnings of the process.
function init({ onWarning } = {}) {
  if (onWarning !== undefined) warn = onWarning;
}

module.exports = { NexusRuntime, init, guestBuildHash: native.guestBuildHash };
