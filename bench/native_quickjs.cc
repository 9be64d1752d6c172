#include "native_quickjs.h"

#include <cstdio>
#include <cstdlib>

extern "C" {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wcast-function-type"
#include "quickjs.h"
#pragma GCC diagnostic pop
}

namespace nexus::bench {

NativeQuickJs::NativeQuickJs() : runtime_(JS_NewRuntime()), context_(JS_NewContext(runtime_)) {}

NativeQuickJs::~NativeQuickJs() {
  JS_FreeContext(context_);
  JS_FreeRuntime(runtime_);
}

void NativeQuickJs::eval(const std::string& script) {
  const JSValue value = JS_Eval(context_, script.data(), script.size(), "bench", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException(value)) {
    const JSValue error = JS_GetException(context_);
    std::fprintf(stderr, "native script failed: %s\n", JS_ToCString(context_, error));
    std::abort();
  }
  JS_FreeValue(context_, value);
  JSContext* ran;
  while (JS_ExecutePendingJob(runtime_, &ran) > 0) {
  }
}

}  // namespace nexus::bench
