// Holds everything a test receives against protocol/openapi.json and protocol/schema.json: an answer of a status that is
// not described, or a member that is not, fails the test that met it. To clients the description promises less: they must
// expect more members than it names.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
// The tests stand outside the folder that has the validator.
const Ajv = createRequire(join(ROOT, 'web', 'package.json'))('ajv/dist/2020').default;
const read = (name) => JSON.parse(readFileSync(join(ROOT, 'protocol', name), 'utf8'));

// No object has more members than are named, unless it says so.
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  if (copy.type === 'object' && copy.properties && !('additionalProperties' in copy)) copy.additionalProperties = false;
  return copy;
}

const api = read('openapi.json');
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema({ $id: 'api', components: { schemas: closed(api.components.schemas) } });

function check(name, value, what) {
  const validate = ajv.getSchema(`api#/components/schemas/${name}`);
  if (validate(value)) return;
  const problems = validate.errors.map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
  throw new Error(`${what} is no ${name} of protocol/schema.json: ${problems.slice(0, 5).join('; ')}\n${JSON.stringify(value).slice(0, 400)}`);
}

const routes = Object.entries(api.paths).map(([path, operations]) => ({
  path, operations, pattern: new RegExp(`^${path.replace('{path}', '.+').replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.json', '\\.json')}$`),
}));

// Throws unless `answer`, {status, headers, text, json}, is one that the description of the route allows.
export function checkAnswer(method, target, answer) {
  const what = `${method} ${target.split('?')[0]} -> ${answer.status}`;
  if (!/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(answer.headers.get('traceparent') ?? '')) throw new Error(`${what} has no traceparent`);
  const route = routes.find(({ pattern }) => pattern.test(target.split('?')[0]));
  if (method === 'OPTIONS') {
    if (answer.status === 204 ? !route || answer.text !== '' : answer.status < 400) throw new Error(`${what} is not described`);
    return;
  }
  const operation = route?.operations[method === 'HEAD' ? 'get' : method.toLowerCase()];
  if (!operation) {
    if (answer.status < 400) throw new Error(`${what} is not described: add it to protocol/http.json and run script/generate_protocol`);
    return method === 'HEAD' ? undefined : check('ErrorBody', answer.json, what);
  }
  const described = operation.responses[answer.status];
  if (!described) throw new Error(`${what} is a status that protocol/http.json does not have for this route`);
  for (const field of Object.keys(described.headers ?? {}))
    if (!answer.headers.has(field)) throw new Error(`${what} lacks ${field}`);
  const [[type, content] = []] = Object.entries(described.content ?? {});
  if (!type || method === 'HEAD') {
    if (answer.text !== '') throw new Error(`${what} has a body: ${answer.text.slice(0, 80)}`);
  } else if (type === 'application/json') {
    check(content.schema.$ref.split('/').at(-1), answer.json, what);
  } else if (type !== '*/*' && !answer.headers.get('content-type').startsWith(type)) {
    throw new Error(`${what} is ${answer.headers.get('content-type')}, not ${type}`);
  }
}

// The definition that a type of message has, so that the complaint is about it alone.
const SERVER_MESSAGES = Object.fromEntries(api.components.schemas.ServerMessage.oneOf.map(({ $ref }) => $ref.split('/').at(-1))
  .map((name) => [api.components.schemas[name].properties.type.const, name]));

// Throws unless `message` is what a server sends on a WebSocket.
export function checkServerMessage(message) {
  check(SERVER_MESSAGES[message?.type] ?? 'ServerMessage', message, 'a message of the server');
}

export function checkClientMessage(message) {
  check('ClientMessage', message, 'a message of the client');
}
