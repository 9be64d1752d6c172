#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nexus_abi.h"
#include "nexus_msgpack.h"

/* In the order of NX_CODEC_SAMPLES. */
enum { kPlain, kList, kError, kDate, kProxy, kNumber, kString, kBoolean, kKinds };

static JSClassID class_of[kKinds];
static JSValue to_iso_string;

/* What the last nx_encode() wrote. An encoding under way owns its buffer and leaves NULL here: a getter of
 * the handler may start another one in the middle. */
static uint8_t* buffer;
static size_t buffer_capacity;

static int grow(nx_mp_writer* writer, size_t needed) {
  size_t capacity = writer->capacity == 0 ? 256 : writer->capacity;
  uint8_t* larger;
  while (capacity < needed) capacity *= 2;
  larger = realloc(writer->data, capacity);
  if (larger == NULL) return -1;
  writer->data = larger;
  writer->capacity = capacity;
  return 0;
}

void nx_codec_init(JSContext* ctx, JSValueConst samples) {
  for (uint32_t i = 0; i < kKinds; i++) {
    JSValue sample = JS_GetPropertyUint32(ctx, samples, i);
    class_of[i] = JS_GetClassID(sample);
    JS_FreeValue(ctx, sample);
  }
  to_iso_string = JS_GetPropertyUint32(ctx, samples, kKinds);
}

JSValue nx_throw(JSContext* ctx, const char* name, const char* code, const char* message,
                 size_t size) {
  JSValue error = JS_NewError(ctx);
  if (JS_IsException(error)) return error;
  JS_DefinePropertyValueStr(ctx, error, "name", JS_NewString(ctx, name),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_DefinePropertyValueStr(ctx, error, "message", JS_NewStringLen(ctx, message, size),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_DefinePropertyValueStr(ctx, error, "code", JS_NewString(ctx, code),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  return JS_Throw(ctx, error);
}

/* ---- Encoding ---------------------------------------------------------------------------------- */

/* Where the encoder is, innermost first; on the C stack. */
typedef struct place {
  const struct place* outer;
  const char* name; /* member or, outermost, the start of the path; NULL for an element */
  uint32_t index;
  void* object;
  uint32_t depth;
} place;

static size_t append(char* text, size_t size, size_t capacity, const char* more) {
  size_t length = strlen(more);
  if (length > capacity - 1 - size) length = capacity - 1 - size;
  memcpy(text + size, more, length);
  text[size + length] = '\0';
  return size + length;
}

static size_t describe(const place* at, char* text, size_t capacity) {
  size_t size = 0;
  char number[16];
  text[0] = '\0';
  if (at == NULL) return 0;
  size = describe(at->outer, text, capacity);
  if (at->name != NULL) {
    if (at->outer != NULL) size = append(text, size, capacity, ".");
    return append(text, size, capacity, at->name);
  }
  snprintf(number, sizeof number, "[%u]", (unsigned)at->index);
  return append(text, size, capacity, number);
}

static int refuse(JSContext* ctx, const place* at, const char* why) {
  char message[512];
  size_t size = describe(at, message, 384);
  size = append(message, size, sizeof message, " cannot be stored or sent: ");
  size = append(message, size, sizeof message, why);
  nx_throw(ctx, "TypeError", "SERIALIZATION_ERROR", message, size);
  return -1;
}

static int encode(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, const place* at);

/* Strings are UTF-16 inside and UTF-8 outside. A lone surrogate has no UTF-8 form; the engine gives it
 * three bytes ED A0..BF xx, which become U+FFFD here. */
static int encode_string(JSContext* ctx, nx_mp_writer* writer, JSValueConst value) {
  size_t size;
  const char* text = JS_ToCStringLen(ctx, &size, value);
  uint8_t* copy;
  if (text == NULL) return -1;
  nx_mp_write_str_header(writer, (uint32_t)size);
  copy = nx_mp_take(writer, size);
  if (copy != NULL) {
    memcpy(copy, text, size);
    for (size_t i = 0; i + 2 < size; i++)
      if (copy[i] == 0xed && copy[i + 1] >= 0xa0) memcpy(copy + i, "\xef\xbf\xbd", 3);
  }
  JS_FreeCString(ctx, text);
  return 0;
}

static int encode_number(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, const place* at) {
  double number;
  if (JS_ToFloat64(ctx, &number, value) < 0) return -1;
  if (number != number) return refuse(ctx, at, "it is not a number (NaN)");
  if (number - number != 0) return refuse(ctx, at, "it is infinite");
  nx_mp_write_double(writer, number);
  return 0;
}

static int encode_list(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, place* at) {
  JSValue length_value = JS_GetPropertyStr(ctx, value, "length");
  int64_t length;
  place element = {at, NULL, 0, NULL, at->depth};
  if (JS_IsException(length_value) || JS_ToInt64(ctx, &length, length_value) < 0) return -1;
  JS_FreeValue(ctx, length_value);
  if (length < 0 || length > 0x7fffffff) return refuse(ctx, at, "it is a list of impossible length");
  nx_mp_write_array_header(writer, (uint32_t)length);
  for (uint32_t i = 0; i < length && writer->error == NX_MP_OK; i++) {
    JSValue item = JS_GetPropertyUint32(ctx, value, i);
    int status;
    if (JS_IsException(item)) return -1;
    element.index = i;
    status = JS_IsUndefined(item) ? (nx_mp_write_nil(writer), 0) : encode(ctx, writer, item, &element);
    JS_FreeValue(ctx, item);
    if (status < 0) return -1;
  }
  return 0;
}

static int encode_member(JSContext* ctx, nx_mp_writer* writer, JSAtom name, JSValueConst value,
                         place* at) {
  JSValue key = JS_AtomToString(ctx, name);
  const char* text = JS_ToCString(ctx, key);
  place member = {at, text, 0, NULL, at->depth};
  int status = -1;
  if (text != NULL && encode_string(ctx, writer, key) == 0)
    status = encode(ctx, writer, value, &member);
  JS_FreeCString(ctx, text);
  JS_FreeValue(ctx, key);
  return status;
}

/* Members are read before the first byte is written: those that are undefined do not count. */
static int encode_object(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, place* at) {
  JSPropertyEnum* names;
  uint32_t count, kept = 0;
  JSValue* values;
  int status = -1;
  if (JS_GetOwnPropertyNames(ctx, &names, &count, value, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
    return -1;
  values = js_mallocz(ctx, sizeof(JSValue) * (count + 1));
  if (values == NULL) goto free_names;
  for (uint32_t i = 0; i < count; i++) values[i] = JS_UNDEFINED;
  for (uint32_t i = 0; i < count; i++) {
    values[i] = JS_GetProperty(ctx, value, names[i].atom);
    if (JS_IsException(values[i])) goto free_values;
    kept += !JS_IsUndefined(values[i]);
  }
  nx_mp_write_map_header(writer, kept);
  for (uint32_t i = 0; i < count; i++)
    if (!JS_IsUndefined(values[i]) && encode_member(ctx, writer, names[i].atom, values[i], at) < 0)
      goto free_values;
  status = 0;
free_values:
  for (uint32_t i = 0; i < count; i++) JS_FreeValue(ctx, values[i]);
  js_free(ctx, values);
free_names:
  for (uint32_t i = 0; i < count; i++) JS_FreeAtom(ctx, names[i].atom);
  js_free(ctx, names);
  return status;
}

static int encode_date(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, const place* at) {
  JSValue text = JS_Call(ctx, to_iso_string, value, 0, NULL);
  int status;
  if (JS_IsException(text)) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    return refuse(ctx, at, "it is an invalid date");
  }
  status = encode_string(ctx, writer, text);
  JS_FreeValue(ctx, text);
  return status;
}

static int encode_error(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, place* at) {
  static const char* const kMembers[] = {"name", "message"};
  nx_mp_write_map_header(writer, 2);
  for (int i = 0; i < 2; i++) {
    JSValue text = JS_GetPropertyStr(ctx, value, kMembers[i]);
    int status;
    nx_mp_write_str(writer, kMembers[i], strlen(kMembers[i]));
    if (JS_IsException(text)) return -1;
    status = encode_string(ctx, writer, text);
    JS_FreeValue(ctx, text);
    if (status < 0) return -1;
  }
  return 0;
}

static int encode_composite(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, place* at) {
  const JSClassID id = JS_GetClassID(value);
  const int list = JS_IsArray(ctx, value);
  if (list < 0) return -1;
  if (list) return encode_list(ctx, writer, value, at);
  if (id == class_of[kPlain] || id == class_of[kProxy]) return encode_object(ctx, writer, value, at);
  if (id == class_of[kDate]) return encode_date(ctx, writer, value, at);
  if (id == class_of[kError]) return encode_error(ctx, writer, value, at);
  if (id == class_of[kNumber]) return encode_number(ctx, writer, value, at);
  if (id == class_of[kString]) return encode_string(ctx, writer, value);
  if (id == class_of[kBoolean]) {
    /* A boolean object has one internal slot; its text is the only public way to it. */
    const char* text = JS_ToCString(ctx, value);
    if (text == NULL) return -1;
    nx_mp_write_bool(writer, strcmp(text, "true") == 0);
    JS_FreeCString(ctx, text);
    return 0;
  }
  return refuse(ctx, at, "only plain objects, lists, text, numbers, booleans and dates can be");
}

static int encode_inner(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, const place* at) {
  place inner = *at;
  inner.object = JS_VALUE_GET_PTR(value);
  inner.depth = at->depth + 1;
  if (inner.depth > NX_MAX_DEPTH) return refuse(ctx, at, "it is nested too deep (limit 64)");
  for (const place* outer = at; outer != NULL; outer = outer->outer)
    if (outer->object == inner.object) return refuse(ctx, at, "it contains itself");
  return encode_composite(ctx, writer, value, &inner);
}

static int encode(JSContext* ctx, nx_mp_writer* writer, JSValueConst value, const place* at) {
  if (JS_IsNull(value) || JS_IsUndefined(value)) {
    nx_mp_write_nil(writer);
    return 0;
  }
  if (JS_IsBool(value)) {
    nx_mp_write_bool(writer, JS_ToBool(ctx, value));
    return 0;
  }
  if (JS_IsNumber(value)) return encode_number(ctx, writer, value, at);
  if (JS_IsString(value)) return encode_string(ctx, writer, value);
  if (JS_IsBigInt(ctx, value)) return refuse(ctx, at, "it is a BigInt");
  if (JS_IsSymbol(value)) return refuse(ctx, at, "it is a symbol");
  if (JS_IsFunction(ctx, value)) return refuse(ctx, at, "it is a function");
  return encode_inner(ctx, writer, value, at);
}

int nx_encode(JSContext* ctx, JSValueConst value, const char* start, nx_bytes* out) {
  const place at = {NULL, start, 0, NULL, 0};
  nx_mp_writer writer;
  int status;
  nx_mp_writer_init(&writer, buffer, buffer_capacity, grow, NULL);
  buffer = NULL;
  buffer_capacity = 0;
  status = encode(ctx, &writer, value, &at);
  free(buffer);
  buffer = writer.data;
  buffer_capacity = writer.capacity;
  if (status < 0) return -1;
  if (writer.error != NX_MP_OK) {
    JS_ThrowOutOfMemory(ctx);
    return -1;
  }
  out->data = buffer;
  out->size = writer.size;
  return 0;
}

/* ---- Decoding ---------------------------------------------------------------------------------- */

static JSValue decode(JSContext* ctx, nx_mp_reader* reader);

static JSValue decode_list(JSContext* ctx, nx_mp_reader* reader, uint32_t count) {
  JSValue list = JS_NewArray(ctx);
  for (uint32_t i = 0; i < count && !JS_IsException(list); i++) {
    JSValue item = decode(ctx, reader);
    if (JS_IsException(item) || JS_DefinePropertyValueUint32(ctx, list, i, item, JS_PROP_C_W_E) < 0) {
      JS_FreeValue(ctx, list);
      return JS_EXCEPTION;
    }
  }
  return list;
}

static JSValue decode_object(JSContext* ctx, nx_mp_reader* reader, uint32_t count) {
  JSValue object = JS_NewObject(ctx);
  for (uint32_t i = 0; i < count && !JS_IsException(object); i++) {
    const nx_mp_token key = nx_mp_read(reader);
    const JSAtom name = JS_NewAtomLen(ctx, key.text, key.count);
    JSValue value = decode(ctx, reader);
    if (JS_IsException(value) || JS_DefinePropertyValue(ctx, object, name, value, JS_PROP_C_W_E) < 0) {
      JS_FreeAtom(ctx, name);
      JS_FreeValue(ctx, object);
      return JS_EXCEPTION;
    }
    JS_FreeAtom(ctx, name);
  }
  return object;
}

static JSValue decode(JSContext* ctx, nx_mp_reader* reader) {
  const nx_mp_token token = nx_mp_read(reader);
  switch (token.type) {
    case NX_MP_NIL:
      return JS_NULL;
    case NX_MP_BOOL:
      return JS_NewBool(ctx, token.count != 0);
    case NX_MP_NUMBER:
      return JS_NewFloat64(ctx, token.number);
    case NX_MP_STR:
      return JS_NewStringLen(ctx, token.text, token.count);
    case NX_MP_ARRAY:
      return decode_list(ctx, reader, token.count);
    case NX_MP_MAP:
      return decode_object(ctx, reader, token.count);
  }
  return JS_NULL;
}

JSValue nx_decode(JSContext* ctx, const uint8_t* data) {
  nx_mp_reader reader;
  nx_mp_reader_init(&reader, data);
  return decode(ctx, &reader);
}
