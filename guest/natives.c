#include "natives.h"

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "host.h"

/* How often the handler has been resumed: what bootstrap.js has read of the state is good for one segment. */
static unsigned segment;
static uint64_t random_state[2];

/* Extension calls that wait, by the host's index. */
typedef struct ext_call {
  JSValue functions[2]; /* resolve, reject */
  char* alias;
  char* method;
} ext_call;
static ext_call* calls;
static unsigned call_count;

/* ---- Host replies ------------------------------------------------------------------------------- */

uint8_t* nx_take_slot(unsigned slot, size_t* size) {
  const int length = __nexus_input(slot, 0, 0);
  uint8_t* bytes = malloc((size_t)length + 1);
  if (bytes == NULL) return NULL;
  __nexus_input(slot, NX_PTR(bytes), (unsigned)length);
  bytes[length] = 0;
  *size = (size_t)length;
  return bytes;
}

/* Turns a negative import result into a JavaScript exception with the host's code and text. */
static JSValue throw_host_error(JSContext* ctx, int result) {
  size_t size;
  char* code = (char*)nx_take_slot(NX_SLOT_MESSAGE, &size);
  char* text;
  JSValue thrown;
  if (code == NULL) return JS_ThrowOutOfMemory(ctx);
  text = memchr(code, '\n', size);
  if (text == NULL) text = code + size;
  *text = '\0';
  if (text < code + size) text++;
  thrown = nx_throw(ctx, result == NX_PERMISSION_DENIED ? "PermissionError" : "Error", code, text,
                    (size_t)(code + size - text));
  free(code);
  return thrown;
}

static JSValue done_or_throw(JSContext* ctx, int code) {
  return code < 0 ? throw_host_error(ctx, code) : JS_UNDEFINED;
}

/* The value an import answered with: in `local` when it fitted, else in the reply slot. */
static JSValue decode_reply(JSContext* ctx, int length, const uint8_t* local, size_t capacity) {
  size_t size;
  uint8_t* large;
  JSValue value;
  if (length < 0) return throw_host_error(ctx, length);
  if ((size_t)length <= capacity) return nx_decode(ctx, local);
  large = nx_take_slot(NX_SLOT_REPLY, &size);
  if (large == NULL) return JS_ThrowOutOfMemory(ctx);
  value = nx_decode(ctx, large);
  free(large);
  return value;
}

/* ---- Functions for bootstrap.js ----------------------------------------------------------------- */

#define NX_NATIVE(name) \
  static JSValue name(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv)
#define NX_REPLY_BYTES 256

NX_NATIVE(state_get) {
  uint8_t local[NX_REPLY_BYTES];
  size_t size;
  const char* key = JS_ToCStringLen(ctx, &size, argv[0]);
  int length;
  if (key == NULL) return JS_EXCEPTION;
  length = __nexus_state_get(NX_PTR(key), (unsigned)size, NX_PTR(local), sizeof local);
  JS_FreeCString(ctx, key);
  return length == NX_NOT_FOUND ? JS_UNDEFINED : decode_reply(ctx, length, local, sizeof local);
}

NX_NATIVE(state_delete) {
  size_t size;
  const char* key = JS_ToCStringLen(ctx, &size, argv[0]);
  int code;
  if (key == NULL) return JS_EXCEPTION;
  code = __nexus_state_delete(NX_PTR(key), (unsigned)size);
  JS_FreeCString(ctx, key);
  return done_or_throw(ctx, code);
}

NX_NATIVE(state_set) {
  nx_bytes value;
  size_t size;
  const char* key;
  int code;
  if (JS_IsUndefined(argv[1])) return state_delete(ctx, this_value, argc, argv);
  key = JS_ToCStringLen(ctx, &size, argv[0]);
  if (key == NULL) return JS_EXCEPTION;
  if (nx_encode(ctx, argv[1], key, &value) < 0) {
    JS_FreeCString(ctx, key);
    return JS_EXCEPTION;
  }
  code = __nexus_state_set(NX_PTR(key), (unsigned)size, NX_PTR(value.data), (unsigned)value.size);
  JS_FreeCString(ctx, key);
  return done_or_throw(ctx, code);
}

/* (operation, path, value): the two encodings share one buffer, so the path is copied. */
NX_NATIVE(state_patch) {
  int32_t operation;
  nx_bytes path, value = {NULL, 0};
  uint8_t* path_copy;
  int code = -1;
  if (JS_ToInt32(ctx, &operation, argv[0]) < 0 || nx_encode(ctx, argv[1], "path", &path) < 0)
    return JS_EXCEPTION;
  path_copy = js_malloc(ctx, path.size);
  if (path_copy == NULL) return JS_EXCEPTION;
  memcpy(path_copy, path.data, path.size);
  path.data = path_copy;
  if (argc > 2 && nx_encode(ctx, argv[2], "value", &value) < 0) {
    js_free(ctx, path_copy);
    return JS_EXCEPTION;
  }
  code = __nexus_state_patch((unsigned)operation, NX_PTR(path.data), (unsigned)path.size,
                             NX_PTR(value.data), (unsigned)value.size);
  js_free(ctx, path_copy);
  return done_or_throw(ctx, code);
}

/* Shared by the functions that ask a yes-or-no question about a name. */
static JSValue ask(JSContext* ctx, JSValueConst name, int (*question)(unsigned, unsigned)) {
  size_t size;
  const char* text = JS_ToCStringLen(ctx, &size, name);
  int answer;
  if (text == NULL) return JS_EXCEPTION;
  answer = question(NX_PTR(text), (unsigned)size);
  JS_FreeCString(ctx, text);
  return answer < 0 ? throw_host_error(ctx, answer) : JS_NewBool(ctx, answer);
}

NX_NATIVE(state_has) { return ask(ctx, argv[0], __nexus_state_has); }
NX_NATIVE(state_declared) { return ask(ctx, argv[0], __nexus_state_declared); }
NX_NATIVE(ext_exists) { return ask(ctx, argv[0], __nexus_ext_exists); }

NX_NATIVE(state_keys) {
  uint8_t local[NX_REPLY_BYTES];
  const int length = __nexus_state_keys(NX_PTR(local), sizeof local);
  return decode_reply(ctx, length, local, sizeof local);
}

NX_NATIVE(ext_list) {
  uint8_t local[NX_REPLY_BYTES];
  const int length = __nexus_ext_list(NX_PTR(local), sizeof local);
  return decode_reply(ctx, length, local, sizeof local);
}

NX_NATIVE(ext_methods) {
  uint8_t local[NX_REPLY_BYTES];
  size_t size;
  const char* name = JS_ToCStringLen(ctx, &size, argv[0]);
  int length;
  if (name == NULL) return JS_EXCEPTION;
  length = __nexus_ext_methods(NX_PTR(name), (unsigned)size, NX_PTR(local), sizeof local);
  JS_FreeCString(ctx, name);
  return decode_reply(ctx, length, local, sizeof local);
}

NX_NATIVE(emit) {
  nx_bytes payload;
  size_t size;
  const char* name = JS_ToCStringLen(ctx, &size, argv[0]);
  int code;
  if (name == NULL) return JS_EXCEPTION;
  if (nx_encode(ctx, argv[1], "payload", &payload) < 0) {
    JS_FreeCString(ctx, name);
    return JS_EXCEPTION;
  }
  code = __nexus_emit_event(NX_PTR(name), (unsigned)size, NX_PTR(payload.data), (unsigned)payload.size);
  JS_FreeCString(ctx, name);
  return done_or_throw(ctx, code);
}

/* (type, componentId or undefined, args) */
NX_NATIVE(view) {
  nx_bytes bytes;
  JSValue command = JS_NewObject(ctx);
  int status;
  if (JS_IsException(command)) return command;
  JS_DefinePropertyValueStr(ctx, command, "type", JS_DupValue(ctx, argv[0]), JS_PROP_C_W_E);
  JS_DefinePropertyValueStr(ctx, command, "componentId", JS_DupValue(ctx, argv[1]), JS_PROP_C_W_E);
  JS_DefinePropertyValueStr(ctx, command, "args", JS_DupValue(ctx, argv[2]), JS_PROP_C_W_E);
  status = nx_encode(ctx, command, "command", &bytes);
  JS_FreeValue(ctx, command);
  if (status < 0) return JS_EXCEPTION;
  return done_or_throw(ctx, __nexus_view_command(NX_PTR(bytes.data), (unsigned)bytes.size));
}

/* (level, text) */
NX_NATIVE(log_line) {
  int32_t level;
  size_t size;
  const char* text;
  int code;
  if (JS_ToInt32(ctx, &level, argv[0]) < 0) return JS_EXCEPTION;
  text = JS_ToCStringLen(ctx, &size, argv[1]);
  if (text == NULL) return JS_EXCEPTION;
  code = __nexus_log((unsigned)level, NX_PTR(text), (unsigned)size);
  JS_FreeCString(ctx, text);
  return done_or_throw(ctx, code);
}

NX_NATIVE(now) {
  double milliseconds = 0;
  const int code = __nexus_now(NX_PTR(&milliseconds));
  return code < 0 ? throw_host_error(ctx, code) : JS_NewFloat64(ctx, milliseconds);
}

/* xorshift128+ (Vigna 2014), 53 bits of a step as a double in [0, 1). */
NX_NATIVE(next_random) {
  uint64_t a = random_state[0];
  const uint64_t b = random_state[1];
  const uint64_t sum = a + b;
  random_state[0] = b;
  a ^= a << 23;
  random_state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
  return JS_NewFloat64(ctx, (double)(sum >> 11) * 0x1p-53);
}

NX_NATIVE(current_segment) { return JS_NewInt32(ctx, (int32_t)segment); }

NX_NATIVE(plain) {
  nx_bytes bytes;
  if (JS_IsUndefined(argv[0])) return JS_UNDEFINED;
  if (nx_encode(ctx, argv[0], "value", &bytes) < 0) return JS_EXCEPTION;
  return nx_decode(ctx, bytes.data);
}

/* (path list, step) -> a list one element longer */
NX_NATIVE(child_path) {
  JSValue longer = JS_NewArray(ctx);
  JSValue length_value = JS_GetPropertyStr(ctx, argv[0], "length");
  uint32_t length = 0;
  if (JS_IsException(longer) || JS_ToInt32(ctx, (int32_t*)&length, length_value) < 0) return JS_EXCEPTION;
  for (uint32_t i = 0; i < length; i++)
    JS_DefinePropertyValueUint32(ctx, longer, i, JS_GetPropertyUint32(ctx, argv[0], i), JS_PROP_C_W_E);
  JS_DefinePropertyValueUint32(ctx, longer, length, JS_DupValue(ctx, argv[1]), JS_PROP_C_W_E);
  return longer;
}

/* (target, key, value): makes an own data property */
NX_NATIVE(define_own) {
  const JSAtom key = JS_ValueToAtom(ctx, argv[1]);
  const int status =
      JS_DefinePropertyValue(ctx, argv[0], key, JS_DupValue(ctx, argv[2]), JS_PROP_C_W_E | JS_PROP_THROW);
  JS_FreeAtom(ctx, key);
  return status < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

/* Room for call `index`; -1 when memory is out. */
static int reserve_call(unsigned index) {
  unsigned count = call_count == 0 ? 8 : call_count;
  ext_call* larger;
  if (index < call_count) return 0;
  while (count <= index) count *= 2;
  larger = realloc(calls, count * sizeof *calls);
  if (larger == NULL) return -1;
  memset(larger + call_count, 0, (count - call_count) * sizeof *larger);
  calls = larger;
  call_count = count;
  return 0;
}

/* (alias, method, args list) -> promise that the host's answer settles */
NX_NATIVE(ext_call_method) {
  size_t alias_size, method_size;
  nx_bytes args;
  JSValue promise = JS_EXCEPTION;
  const char* alias = JS_ToCStringLen(ctx, &alias_size, argv[0]);
  const char* method = JS_ToCStringLen(ctx, &method_size, argv[1]);
  int index;
  if (alias == NULL || method == NULL || nx_encode(ctx, argv[2], "argument", &args) < 0) goto out;
  index = __nexus_ext_suspend(NX_PTR(alias), (unsigned)alias_size, NX_PTR(method), (unsigned)method_size,
                              NX_PTR(args.data), (unsigned)args.size);
  if (index < 0) {
    promise = throw_host_error(ctx, index);
    goto out;
  }
  if (reserve_call((unsigned)index) < 0) {
    JS_ThrowOutOfMemory(ctx);
    goto out;
  }
  promise = JS_NewPromiseCapability(ctx, calls[index].functions);
  calls[index].alias = strdup(alias);
  calls[index].method = strdup(method);
out:
  JS_FreeCString(ctx, alias);
  JS_FreeCString(ctx, method);
  return promise;
}

static const JSCFunctionListEntry kNatives[] = {
    JS_CFUNC_DEF("stateGet", 1, state_get),
    JS_CFUNC_DEF("stateSet", 2, state_set),
    JS_CFUNC_DEF("stateDelete", 1, state_delete),
    JS_CFUNC_DEF("stateHas", 1, state_has),
    JS_CFUNC_DEF("stateDeclared", 1, state_declared),
    JS_CFUNC_DEF("stateKeys", 0, state_keys),
    JS_CFUNC_DEF("statePatch", 3, state_patch),
    JS_CFUNC_DEF("emit", 2, emit),
    JS_CFUNC_DEF("view", 3, view),
    JS_CFUNC_DEF("extCall", 3, ext_call_method),
    JS_CFUNC_DEF("extExists", 1, ext_exists),
    JS_CFUNC_DEF("extMethods", 1, ext_methods),
    JS_CFUNC_DEF("extList", 0, ext_list),
    JS_CFUNC_DEF("log", 2, log_line),
    JS_CFUNC_DEF("now", 0, now),
    JS_CFUNC_DEF("random", 0, next_random),
    JS_CFUNC_DEF("segment", 0, current_segment),
    JS_CFUNC_DEF("plain", 1, plain),
    JS_CFUNC_DEF("child", 2, child_path),
    JS_CFUNC_DEF("define", 3, define_own),
    JS_PROP_INT32_DEF("PATCH_SET", NX_PATCH_SET, 0),
    JS_PROP_INT32_DEF("PATCH_DELETE", NX_PATCH_DELETE, 0),
    JS_PROP_INT32_DEF("PATCH_APPEND", NX_PATCH_APPEND, 0),
};

void nx_define_natives(JSContext* ctx, JSValueConst native) {
  JS_SetPropertyFunctionList(ctx, native, kNatives, sizeof kNatives / sizeof *kNatives);
}

void nx_seed_random(uint64_t a, uint64_t b) {
  random_state[0] = a;
  random_state[1] = b | 1; /* never all zero */
}

/* ---- Settling extension calls ------------------------------------------------------------------- */

void nx_copy_text_member(JSContext* ctx, JSValueConst from, JSValueConst to, const char* name) {
  JSValue text = JS_GetPropertyStr(ctx, from, name);
  if (JS_IsString(text)) {
    JS_DefinePropertyValueStr(ctx, to, name, text, JS_PROP_C_W_E);
    return;
  }
  if (JS_IsException(text)) JS_FreeValue(ctx, JS_GetException(ctx));
  JS_FreeValue(ctx, text);
}

/* The Error a failed extension call rejects with. */
static JSValue extension_error(JSContext* ctx, const ext_call* call, JSValueConst answer) {
  JSValue error = JS_NewError(ctx);
  if (JS_IsException(error)) return error;
  nx_copy_text_member(ctx, answer, error, "message");
  nx_copy_text_member(ctx, answer, error, "code");
  JS_DefinePropertyValueStr(ctx, error, "extension", JS_NewString(ctx, call->alias), JS_PROP_C_W_E);
  JS_DefinePropertyValueStr(ctx, error, "method", JS_NewString(ctx, call->method), JS_PROP_C_W_E);
  return error;
}

void nx_settle_call(JSContext* ctx, unsigned index, unsigned success, JSValueConst answer) {
  ext_call* call;
  JSValue value;
  segment++;
  if (index >= call_count || calls[index].alias == NULL) return;
  call = &calls[index];
  value = success ? JS_DupValue(ctx, answer) : extension_error(ctx, call, answer);
  JS_FreeValue(ctx, JS_Call(ctx, call->functions[success ? 0 : 1], JS_UNDEFINED, 1, &value));
  JS_FreeValue(ctx, value);
  JS_FreeValue(ctx, call->functions[0]);
  JS_FreeValue(ctx, call->functions[1]);
  free(call->alias);
  free(call->method);
  memset(call, 0, sizeof *call);
}
