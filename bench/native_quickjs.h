#pragma once

#include <memory>
#include <string>

struct JSRuntime;
struct JSContext;

namespace nexus::bench {

// QuickJS of the same source as the guest, built natively: the yardstick.
class NativeQuickJs {
 public:
  NativeQuickJs();
  ~NativeQuickJs();
  NativeQuickJs(const NativeQuickJs&) = delete;
  NativeQuickJs& operator=(const NativeQuickJs&) = delete;

  // Evaluates a script and the promise jobs it leaves; aborts when it throws, for a benchmark that fails
  // measures nothing.
  void eval(const std::string& script);

 private:
  JSRuntime* runtime_;
  JSContext* context_;
};

}  // namespace nexus::bench
