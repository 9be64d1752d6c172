/* The guest's exports: QuickJS behind the boundary of nexus_abi.h. Everything a run leaves behind is wiped
 * by the host, which restores the whole memory before the next one; what is freed here is freed because
 * a run may wait for days as a snapshot. */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "host.h"
#include "quickjs.h"

/* bootstrap.js as bytes; generated. */
extern const char nx_bootstrap[];
extern const unsigned nx_bootstrap_size;

#define NX_EXPORT(name) __attribute__((export_name(#name))) name

/* Guest stack that JavaScript may use; the rest of the linker's stack is for the host calls under it. */
#define NX_JS_STACK_BYTES (480 * 1024)
/* Garbage is collected when a run's heap has grown by this much over the base image. */
#define NX_GC_SLACK_BYTES (2 * 1024 * 1024)
#define NX_FILE "handler"

static JSRuntime* runtime;
static JSContext* context; /* for handlers: locked down, no eval */
static JSContext* bare;    /* for conformance suites */
static JSValue deep_freeze; /* (value) */
static JSValue run_promise;
static unsigned segment;
static uint64_t random_state[2];
static struct nx_control control;

/* Extension calls that wait, by the host's index. */
typedef struct ext_call {
  JSValue functions[2]; /* resolve, reject */
  char* alias;
  char* method;
} ext_call;
static ext_call* calls;
static unsigned call_count;

/* ---- Allocation: QuickJS's own accounting, visible to the host ---------------------------------- */

static void account(JSMallocState* state, size_t old_size, size_t new_size) {
  state->malloc_size += new_size - old_size;
  control.heap_bytes = (unsigned)state->malloc_size;
  if (control.heap_bytes > control.heap_peak) control.heap_peak = control.heap_bytes;
}

static void* guest_malloc(JSMallocState* state, size_t size) {
  void* block = malloc(size);
  if (block == NULL) return NULL;
  state->malloc_count++;
  account(state, 0, malloc_usable_size(block));
  return block;
}

static void guest_free(JSMallocState* state, void* block) {
  if (block == NULL) return;
  state->malloc_count--;
  account(state, malloc_usable_size(block), 0);
  free(block);
}

static void* guest_realloc(JSMallocState* state, void* block, size_t size) {
  size_t old_size;
  void* moved;
  if (block == NULL) return size == 0 ? NULL : guest_malloc(state, size);
  if (size == 0) {
    guest_free(state, block);
    return NULL;
  }
  old_size = malloc_usable_size(block);
  moved = realloc(block, size);
  if (moved != NULL) account(state, old_size, malloc_usable_size(moved));
  return moved;
}

static size_t guest_usable_size(const void* block) { return malloc_usable_size((void*)block); }

static const JSMallocFunctions kAllocator = {guest_malloc, guest_free, guest_realloc, guest_usable_size};

/* ---- Host replies ------------------------------------------------------------------------------- */

/* Bytes of `slot`, terminated by a zero that does not count; freed by the caller. */
static uint8_t* take_slot(unsigned slot, size_t* size) {
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
  char* code = (char*)take_slot(NX_SLOT_MESSAGE, &size);
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
  large = take_slot(NX_SLOT_REPLY, &size);
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

/* ---- Errors to the host ------------------------------------------------------------------------- */

static void copy_text_member(JSContext* ctx, JSValueConst from, JSValueConst to, const char* name) {
  JSValue text = JS_GetPropertyStr(ctx, from, name);
  if (JS_IsString(text)) {
    JS_DefinePropertyValueStr(ctx, to, name, text, JS_PROP_C_W_E);
    return;
  }
  if (JS_IsException(text)) JS_FreeValue(ctx, JS_GetException(ctx));
  JS_FreeValue(ctx, text);
}

/* Hands the pending exception to the host and clears it. Whatever is thrown is described, not trusted. */
static void report_exception(JSContext* ctx) {
  JSValue thrown = JS_GetException(ctx);
  JSValue report = JS_NewObject(ctx);
  nx_bytes bytes;
  if (JS_IsObject(thrown)) {
    static const char* const kMembers[] = {"name", "message", "stack", "code"};
    for (unsigned i = 0; i < sizeof kMembers / sizeof *kMembers; i++)
      copy_text_member(ctx, thrown, report, kMembers[i]);
  }
  if (!JS_IsError(ctx, thrown)) {
    JSValue text = JS_ToString(ctx, thrown);
    if (JS_IsException(text)) {
      JS_FreeValue(ctx, JS_GetException(ctx));
      text = JS_NewString(ctx, "a value that has no text was thrown");
    }
    JS_DefinePropertyValueStr(ctx, report, "text", text, JS_PROP_C_W_E);
  }
  if (nx_encode(ctx, report, "error", &bytes) == 0)
    __nexus_output(NX_OUT_ERROR, NX_PTR(bytes.data), (unsigned)bytes.size);
  else
    JS_FreeValue(ctx, JS_GetException(ctx));
  JS_FreeValue(ctx, report);
  JS_FreeValue(ctx, thrown);
}

/* Rejections nobody handled; the promises are held so that a later handler takes them off the list. */
#define NX_REJECTIONS 16
static JSValue rejected[NX_REJECTIONS][2];
static unsigned rejected_count;

static void track_rejection(JSContext* ctx, JSValueConst promise, JSValueConst reason, JS_BOOL handled,
                            void* opaque) {
  (void)opaque;
  if (!handled) {
    if (rejected_count == NX_REJECTIONS) return;
    rejected[rejected_count][0] = JS_DupValue(ctx, promise);
    rejected[rejected_count++][1] = JS_DupValue(ctx, reason);
    return;
  }
  for (unsigned i = 0; i < rejected_count; i++) {
    if (JS_VALUE_GET_PTR(rejected[i][0]) != JS_VALUE_GET_PTR(promise)) continue;
    JS_FreeValue(ctx, rejected[i][0]);
    JS_FreeValue(ctx, rejected[i][1]);
    memmove(rejected + i, rejected + i + 1, (--rejected_count - i) * sizeof *rejected);
    return;
  }
}

static void log_rejections(JSContext* ctx) {
  for (unsigned i = 0; i < rejected_count; i++) {
    char line[512] = "unhandled rejection: ";
    const char* text;
    if (JS_VALUE_GET_PTR(rejected[i][0]) == JS_VALUE_GET_PTR(run_promise)) continue;
    text = JS_ToCString(ctx, rejected[i][1]);
    if (text == NULL) {
      JS_FreeValue(ctx, JS_GetException(ctx));
      continue;
    }
    strncat(line, text, sizeof line - strlen(line) - 1);
    JS_FreeCString(ctx, text);
    __nexus_log(2, NX_PTR(line), (unsigned)strlen(line));
  }
}

/* ---- Running ------------------------------------------------------------------------------------ */

static int poll_interrupt(JSRuntime* rt, void* opaque) {
  (void)rt;
  (void)opaque;
  return *(volatile unsigned*)&control.interrupt != 0;
}

/* Runs promise jobs until none is left or the host wants the run to stop. The flag is looked at between
 * jobs too: at an async boundary the engine turns the uncatchable interrupt into a plain rejection, and
 * code waiting for that must not go on. */
static void drain_jobs(void) {
  JSContext* ctx;
  while (!*(volatile unsigned*)&control.interrupt) {
    const int ran = JS_ExecutePendingJob(runtime, &ctx);
    if (ran == 0) return;
    control.jobs++;
    if (ran < 0) JS_FreeValue(ctx, JS_GetException(ctx));
  }
}

static int send_result(JSContext* ctx, JSValueConst value) {
  nx_bytes bytes;
  if (JS_IsUndefined(value)) return NX_RUN_DONE;
  if (nx_encode(ctx, value, "return value", &bytes) < 0) {
    report_exception(ctx);
    return NX_RUN_THREW;
  }
  __nexus_output(NX_OUT_RESULT, NX_PTR(bytes.data), (unsigned)bytes.size);
  return NX_RUN_DONE;
}

/* Where the run stands once no job is left. */
static int settle(void) {
  JSValue value;
  int status;
  drain_jobs();
  switch (JS_PromiseState(context, run_promise)) {
    case JS_PROMISE_PENDING:
      return NX_RUN_PENDING;
    case JS_PROMISE_FULFILLED:
      value = JS_PromiseResult(context, run_promise);
      log_rejections(context);
      status = send_result(context, value);
      JS_FreeValue(context, value);
      return status;
    default:
      log_rejections(context);
      JS_Throw(context, JS_PromiseResult(context, run_promise));
      report_exception(context);
      return NX_RUN_THREW;
  }
}

static JSValue slot_value(JSContext* ctx, unsigned slot) {
  size_t size;
  uint8_t* bytes = take_slot(slot, &size);
  JSValue value;
  if (bytes == NULL) return JS_ThrowOutOfMemory(ctx);
  value = nx_decode(ctx, bytes);
  free(bytes);
  return value;
}

/* The handler function from the bytecode in the code slot. */
static JSValue load_handler(void) {
  size_t size;
  uint8_t* code = take_slot(NX_SLOT_CODE, &size);
  JSValue script;
  if (code == NULL) return JS_ThrowOutOfMemory(context);
  script = JS_ReadObject(context, code, size, JS_READ_OBJ_BYTECODE);
  free(code);
  return JS_IsException(script) ? script : JS_EvalFunction(context, script);
}

/* Defines the read-only global `name` with the frozen value of `slot`. */
static int define_input(const char* name, unsigned slot) {
  JSValue global = JS_GetGlobalObject(context);
  JSValue value = slot_value(context, slot);
  int status = -1;
  if (!JS_IsException(value)) {
    JS_FreeValue(context, JS_Call(context, deep_freeze, JS_UNDEFINED, 1, &value));
    status = JS_DefinePropertyValueStr(context, global, name, value, 0);
  }
  JS_FreeValue(context, global);
  return status;
}

static int start(void) {
  JSValue handler;
  if (define_input("$args", NX_SLOT_ARGS) < 0 || define_input("$scope", NX_SLOT_SCOPE) < 0) return -1;
  handler = load_handler();
  run_promise = JS_IsException(handler) ? handler : JS_Call(context, handler, JS_UNDEFINED, 0, NULL);
  JS_FreeValue(context, handler);
  return JS_IsException(run_promise) ? -1 : 0;
}

/* Starts the handler of the code slot with the arguments of the args and scope slots. */
int NX_EXPORT(nx_run)(unsigned seed_a, unsigned seed_b, unsigned seed_c, unsigned seed_d) {
  JS_UpdateStackTop(runtime);
  random_state[0] = (uint64_t)seed_a << 32 | seed_b;
  random_state[1] = ((uint64_t)seed_c << 32 | seed_d) | 1; /* never all zero */
  control.heap_peak = control.heap_bytes;
  if (start() < 0) {
    report_exception(context);
    return NX_RUN_THREW;
  }
  return settle();
}

/* The Error a failed extension call rejects with: message and code from the answer slot. */
static JSValue extension_error(const ext_call* call, JSValueConst answer) {
  JSValue error = JS_NewError(context);
  if (JS_IsException(error)) return error;
  copy_text_member(context, answer, error, "message");
  copy_text_member(context, answer, error, "code");
  JS_DefinePropertyValueStr(context, error, "extension", JS_NewString(context, call->alias), JS_PROP_C_W_E);
  JS_DefinePropertyValueStr(context, error, "method", JS_NewString(context, call->method), JS_PROP_C_W_E);
  return error;
}

/* Settles call `index` with the answer slot and runs on. */
int NX_EXPORT(nx_resume)(unsigned index, unsigned success) {
  JSValue answer;
  ext_call* call;
  JS_UpdateStackTop(runtime);
  segment++;
  if (index >= call_count || calls[index].alias == NULL) return NX_RUN_PENDING;
  call = &calls[index];
  answer = slot_value(context, NX_SLOT_ANSWER);
  if (!success) {
    JSValue error = extension_error(call, answer);
    JS_FreeValue(context, answer);
    answer = error;
  }
  JS_FreeValue(context, JS_Call(context, call->functions[success ? 0 : 1], JS_UNDEFINED, 1, &answer));
  JS_FreeValue(context, answer);
  JS_FreeValue(context, call->functions[0]);
  JS_FreeValue(context, call->functions[1]);
  free(call->alias);
  free(call->method);
  memset(call, 0, sizeof *call);
  return settle();
}

/* ---- Compiling ---------------------------------------------------------------------------------- */

static char* wrap(const char* head, const char* tail, const uint8_t* source, size_t size, size_t* total) {
  const size_t head_size = strlen(head), tail_size = strlen(tail);
  char* text = malloc(head_size + size + tail_size + 1);
  if (text == NULL) return NULL;
  memcpy(text, head, head_size);
  memcpy(text + head_size, source, size);
  memcpy(text + head_size + size, tail, tail_size + 1);
  *total = head_size + size + tail_size;
  return text;
}

static JSValue compile_wrapped(const char* head, const char* tail, const uint8_t* source, size_t size) {
  size_t total;
  char* text = wrap(head, tail, source, size, &total);
  JSValue script;
  if (text == NULL) return JS_ThrowOutOfMemory(context);
  script = JS_Eval(context, text, total, NX_FILE,
                   JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT | JS_EVAL_FLAG_COMPILE_ONLY);
  free(text);
  return script;
}

/* Compiles the body of a handler. Each wrapper puts it on line 2, so that positions need one line less.
 * The first wrapper only checks: a body that closes the second one and opens another (`}, function () {`)
 * does not fit both. A function, not an arrow: `this` must be undefined, not the global object. */
static JSValue compile(void) {
  size_t size;
  uint8_t* source = take_slot(NX_SLOT_SOURCE, &size);
  JSValue script;
  if (source == NULL) return JS_ThrowOutOfMemory(context);
  script = compile_wrapped("async function handler() {\n", "\n}", source, size);
  if (!JS_IsException(script)) {
    JS_FreeValue(context, script);
    script = compile_wrapped("(async function () {\n", "\n})", source, size);
  }
  free(source);
  return script;
}

/* Compiles the source slot and hands its bytecode out. This run of the guest has eval's compiler; runs of
 * handlers never do. */
int NX_EXPORT(nx_compile)(void) {
  JSValue script;
  uint8_t* code;
  size_t size;
  JS_UpdateStackTop(runtime);
  JS_AddIntrinsicEval(context);
  JS_SetStripInfo(runtime, JS_STRIP_SOURCE);
  script = compile();
  if (JS_IsException(script)) {
    report_exception(context);
    return NX_RUN_THREW;
  }
  code = JS_WriteObject(context, &size, script, JS_WRITE_OBJ_BYTECODE);
  JS_FreeValue(context, script);
  if (code == NULL) {
    report_exception(context);
    return NX_RUN_THREW;
  }
  __nexus_output(NX_OUT_CODE, NX_PTR(code), (unsigned)size);
  js_free(context, code);
  return NX_RUN_DONE;
}

/* ---- Conformance mode --------------------------------------------------------------------------- */

NX_NATIVE(print) {
  for (int i = 0; i < argc; i++) {
    size_t size;
    const char* text = JS_ToCStringLen(ctx, &size, argv[i]);
    if (text == NULL) return JS_EXCEPTION;
    if (i > 0) __nexus_print(NX_PTR(" "), 1);
    __nexus_print(NX_PTR(text), (unsigned)size);
    JS_FreeCString(ctx, text);
  }
  __nexus_print(NX_PTR("\n"), 1);
  return JS_UNDEFINED;
}

static JSContext* bare_context(void) {
  JSValue global;
  if (bare != NULL) return bare;
  bare = JS_NewContext(runtime);
  if (bare == NULL) return NULL;
  JS_SetHostPromiseRejectionTracker(runtime, NULL, NULL);
  global = JS_GetGlobalObject(bare);
  JS_DefinePropertyValueStr(bare, global, "print", JS_NewCFunction(bare, print, "print", 1),
                            JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_FreeValue(bare, global);
  return bare;
}

/* A module's evaluation is a promise: an uncaught exception shows as its rejection. */
static JSValue settle_module(JSContext* ctx, JSValue promise) {
  JSValue result;
  if (JS_IsException(promise) || JS_PromiseState(ctx, promise) < 0) return promise;
  drain_jobs();
  if (JS_PromiseState(ctx, promise) == JS_PROMISE_REJECTED) {
    result = JS_Throw(ctx, JS_PromiseResult(ctx, promise));
    JS_FreeValue(ctx, promise);
    return result;
  }
  return promise;
}

/* Evaluates the source slot as a plain script, or a module, in one bare context that lives until the
 * memory is reset. */
int NX_EXPORT(nx_eval)(unsigned flags) {
  JSContext* ctx = bare_context();
  size_t size;
  uint8_t* source = take_slot(NX_SLOT_SOURCE, &size);
  JSValue value;
  JS_UpdateStackTop(runtime);
  if (ctx == NULL || source == NULL) return NX_RUN_THREW;
  value = JS_Eval(ctx, (const char*)source, size, "script",
                  flags & NX_EVAL_MODULE ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL);
  free(source);
  if (flags & NX_EVAL_MODULE) value = settle_module(ctx, value);
  if (JS_IsException(value)) {
    report_exception(ctx);
    return NX_RUN_THREW;
  }
  JS_FreeValue(ctx, value);
  return NX_RUN_DONE;
}

/* Runs the promise jobs that scripts left. */
int NX_EXPORT(nx_drain)(void) {
  JS_UpdateStackTop(runtime);
  drain_jobs();
  return NX_RUN_DONE;
}

/* ---- Base image --------------------------------------------------------------------------------- */

unsigned NX_EXPORT(nx_control)(void) { return NX_PTR(&control); }

static JSContext* new_handler_context(void) {
  JSContext* ctx = JS_NewContextRaw(runtime);
  if (ctx == NULL) return NULL;
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicDate(ctx);
  JS_AddIntrinsicStringNormalize(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicProxy(ctx);
  JS_AddIntrinsicMapSet(ctx);
  JS_AddIntrinsicTypedArrays(ctx);
  JS_AddIntrinsicPromise(ctx);
  JS_AddIntrinsicWeakRef(ctx);
  return ctx;
}

/* Compiles a script in a throw-away context with eval and brings it over as bytecode: the handlers'
 * context never has a compiler while the image is made. */
static JSValue evaluate_for_image(const char* text, size_t size) {
  JSContext* compiler = JS_NewContext(runtime);
  JSValue script, result = JS_EXCEPTION;
  uint8_t* code;
  size_t code_size;
  if (compiler == NULL) return JS_EXCEPTION;
  script = JS_Eval(compiler, text, size, "nexus", JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
  code = JS_IsException(script) ? NULL
                                : JS_WriteObject(compiler, &code_size, script, JS_WRITE_OBJ_BYTECODE);
  if (code != NULL) {
    result = JS_EvalFunction(context, JS_ReadObject(context, code, code_size, JS_READ_OBJ_BYTECODE));
    js_free(compiler, code);
  }
  JS_FreeValue(compiler, script);
  JS_FreeContext(compiler);
  return result;
}

static int define_globals(void) {
  JSValue native = JS_NewObject(context);
  JSValue samples = evaluate_for_image(NX_CODEC_SAMPLES, sizeof NX_CODEC_SAMPLES - 1);
  JSValue bootstrap = evaluate_for_image(nx_bootstrap, nx_bootstrap_size);
  JSValue done;
  if (JS_IsException(samples) || JS_IsException(bootstrap)) return -1;
  nx_codec_init(context, samples);
  JS_FreeValue(context, samples);
  JS_SetPropertyFunctionList(context, native, kNatives, sizeof kNatives / sizeof *kNatives);
  done = JS_Call(context, bootstrap, JS_UNDEFINED, 1, &native);
  if (JS_IsException(done)) return -1;
  deep_freeze = JS_GetPropertyStr(context, native, "deepFreeze");
  JS_FreeValue(context, native);
  JS_FreeValue(context, bootstrap);
  return 0;
}

/* Makes everything a run starts from. Called once; the host keeps the memory it leaves as the base image.
 * 0 on success. */
int NX_EXPORT(nx_init)(void) {
  runtime = JS_NewRuntime2(&kAllocator, NULL);
  if (runtime == NULL) return 1;
  JS_SetMaxStackSize(runtime, NX_JS_STACK_BYTES);
  JS_SetInterruptHandler(runtime, poll_interrupt, NULL);
  JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
  JS_SetStripInfo(runtime, JS_STRIP_DEBUG);
  context = new_handler_context();
  if (context == NULL) return 2;
  if (define_globals() < 0) {
    report_exception(context);
    return 3;
  }
  JS_SetStripInfo(runtime, 0);
  JS_RunGC(runtime);
  JS_SetGCThreshold(runtime, control.heap_bytes + NX_GC_SLACK_BYTES);
  return 0;
}
