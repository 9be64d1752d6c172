#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "nexus/engine/engine.h"
#include "run_state.h"

namespace nexus::node {

// In what form values cross to and from JavaScript: JSON texts, which index.js turns into plain
// objects, or MessagePack in Buffers (reference.md section 8).
enum class Form { kText, kPacked };

// What `run` of the native object got: code or a precompiled blob, and its context.
struct RunCall {
  engine::RunRequest request;
  std::optional<std::string> blob;
  std::shared_ptr<RunState> state;
};

struct ResumeCall {
  std::string suspension_id;
  engine::AsyncResult result;
  std::optional<value::Object> state;  // replaces what the run has seen
};

struct PrecompileCall {
  std::string code;
};

// The answer for JavaScript, made on the thread that did the work.
struct Answer {
  // Of a run: the result as JSON, without what `buffers` holds. Absent after an error.
  std::string text;
  std::vector<std::pair<const char*, std::string>> buffers;
  std::vector<std::string> suspension_args;  // of each suspension, in Form::kPacked
  std::optional<Error> error;                // the promise is rejected with it
};

// Each reads the arguments of a call on the JavaScript thread. Throws TypeError for what is of the
// wrong type; the errors of values, names and tokens are kSerializationError or kInvalidArgument,
// naming the field.
Result<RunCall> read_run(const Napi::Object& call, Form form, const engine::Limits& limits);
Result<ResumeCall> read_resume(const Napi::Object& call, Form form);

// `outcome` with its mutations whole (RunState::apply()). Any thread. `debug`: errors carry their
// details.
Answer answer_of(const engine::Outcome& outcome, Form form, bool debug);

}  // namespace nexus::node
