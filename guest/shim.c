/* The guest's exports: QuickJS behind the boundary of nexus_abi.h. Everything a run leaves behind is wiped
 * by the host, which restores the whole memory before the next one; what is freed here is freed because
 * a run may wait for days as a snapshot. */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "host.h"
#include "natives.h"
#include "quickjs.h"

/* bootstrap.js and harden.js as bytes; generated. */
extern const char nx_bootstrap[], nx_harden[];
extern const unsigned nx_bootstrap_size, nx_harden_size;

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
static struct nx_control control = {.job_limit = 0xffffffff};

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

/* ---- Errors to the host ------------------------------------------------------------------------- */

/* Hands the pending exception to the host and clears it. Whatever is thrown is described, not trusted. */
static void report_exception(JSContext* ctx) {
  JSValue thrown = JS_GetException(ctx);
  JSValue report = JS_NewObject(ctx);
  nx_bytes bytes;
  if (JS_IsObject(thrown)) {
    static const char* const kMembers[] = {"name", "message", "stack", "code"};
    for (unsigned i = 0; i < sizeof kMembers / sizeof *kMembers; i++)
      nx_copy_text_member(ctx, thrown, report, kMembers[i]);
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
 * code waiting for that must not go on. -1 when the limit on jobs is met and there is another one. */
static int drain_jobs(void) {
  JSContext* ctx;
  while (!*(volatile unsigned*)&control.interrupt) {
    int ran;
    if (control.jobs >= *(volatile unsigned*)&control.job_limit) return JS_IsJobPending(runtime) ? -1 : 0;
    ran = JS_ExecutePendingJob(runtime, &ctx);
    if (ran == 0) return 0;
    control.jobs++;
    if (ran < 0) JS_FreeValue(ctx, JS_GetException(ctx));
  }
  return 0;
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
  if (drain_jobs() < 0) return NX_RUN_TOO_MANY_JOBS;
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
  uint8_t* bytes = nx_take_slot(slot, &size);
  JSValue value;
  if (bytes == NULL) return JS_ThrowOutOfMemory(ctx);
  value = nx_decode(ctx, bytes);
  free(bytes);
  return value;
}

/* The handler function from the bytecode in the code slot. */
static JSValue load_handler(void) {
  size_t size;
  uint8_t* code = nx_take_slot(NX_SLOT_CODE, &size);
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
  nx_seed_random((uint64_t)seed_a << 32 | seed_b, (uint64_t)seed_c << 32 | seed_d);
  control.heap_peak = control.heap_bytes;
  if (start() < 0) {
    report_exception(context);
    return NX_RUN_THREW;
  }
  return settle();
}

/* Settles call `index` with the answer slot and runs on. */
int NX_EXPORT(nx_resume)(unsigned index, unsigned success) {
  JSValue answer;
  JS_UpdateStackTop(runtime);
  answer = slot_value(context, NX_SLOT_ANSWER);
  nx_settle_call(context, index, success, answer);
  JS_FreeValue(context, answer);
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

/* Compiles the body of a handler. Each wrapper has NX_HEAD_COLUMNS characters before it and no line, so that
 * the lines of stacks are the author's. The first wrapper only checks: a body that closes the second one and
 * opens another (`}, function () {`) does not fit both. A function, not an arrow: `this` must be undefined, not
 * the global object. */
static JSValue compile(void) {
  size_t size;
  uint8_t* source = nx_take_slot(NX_SLOT_SOURCE, &size);
  JSValue script;
  if (source == NULL) return JS_ThrowOutOfMemory(context);
  script = compile_wrapped("async function f() {", "\n}", source, size);
  if (!JS_IsException(script)) {
    JS_FreeValue(context, script);
    script = compile_wrapped("(async function () {", "\n})", source, size);
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

static JSValue print(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
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
  uint8_t* source = nx_take_slot(NX_SLOT_SOURCE, &size);
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

/* Evaluates a script whose value is a function, and calls that with `native`. */
static int call_script(const char* text, size_t size, JSValueConst native) {
  JSValue function = evaluate_for_image(text, size);
  JSValue done = JS_IsException(function) ? function : JS_Call(context, function, JS_UNDEFINED, 1, &native);
  JS_FreeValue(context, function);
  return JS_IsException(done) ? -1 : 0;
}

static int define_globals(void) {
  JSValue native = JS_NewObject(context);
  JSValue samples = evaluate_for_image(NX_CODEC_SAMPLES, sizeof NX_CODEC_SAMPLES - 1);
  if (JS_IsException(samples)) return -1;
  nx_codec_init(context, samples);
  JS_FreeValue(context, samples);
  nx_define_natives(context, native);
  if (call_script(nx_bootstrap, nx_bootstrap_size, native) < 0) return -1;
  deep_freeze = JS_GetPropertyStr(context, native, "deepFreeze");
  JS_FreeValue(context, native);
  return call_script(nx_harden, nx_harden_size, JS_UNDEFINED);
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
