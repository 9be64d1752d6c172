// The part of JSON Schema (draft 2020-12) that docs/nxml.schema.json uses. An unknown keyword throws, so that no rule is
// skipped in silence.
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const keywords = {
  $schema: () => true,
  $defs: () => true,
  title: () => true,
  additionalProperties: (allowed, value, schema, check) =>
    !isObject(value) ||
    Object.keys(value).every((key) => Object.hasOwn(schema.properties ?? {}, key) || (allowed !== false && check(allowed, value[key], key))),
  const: (expected, value) => value === expected,
  enum: (values, value) => values.includes(value),
  items: (items, value, _schema, check) => !Array.isArray(value) || value.every((item, i) => check(items, item, i)),
  maxLength: (most, value) => typeof value !== 'string' || [...value].length <= most,
  maximum: (most, value) => typeof value !== 'number' || value <= most,
  minItems: (least, value) => !Array.isArray(value) || value.length >= least,
  minLength: (least, value) => typeof value !== 'string' || [...value].length >= least,
  minimum: (least, value) => typeof value !== 'number' || value >= least,
  oneOf: (options, value, _schema, check) => options.filter((option) => check(option, value, undefined)).length === 1,
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  properties: (properties, value, _schema, check) =>
    !isObject(value) || Object.entries(properties).every(([key, rule]) => !Object.hasOwn(value, key) || check(rule, value[key], key)),
  required: (names, value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  type: (types, value) =>
    [types].flat().some((type) => (type === 'integer' ? Number.isInteger(value) : typeOf(value) === type)),
};

/** What does not fit, as texts with the place inside `value`; empty when all does. */
export function validate(schema, value, defs = schema.$defs, place = '') {
  if (schema.$ref) return validate(defs[schema.$ref.replace('#/$defs/', '')], value, defs, place);
  const problems = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    const inner = [];
    const check = (sub, item, step) => {
      const found = validate(sub, item, defs, step === undefined ? place : `${place}/${step}`);
      inner.push(...found);
      return found.length === 0;
    };
    if (keywords[keyword] === undefined) throw new Error(`unknown keyword ${keyword}`);
    if (!keywords[keyword](rule, value, schema, check)) problems.push(`${place || '/'}: ${keyword}`, ...inner);
  }
  return problems;
}
