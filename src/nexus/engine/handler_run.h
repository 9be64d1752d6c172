#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/clock.h"
#include "nexus/engine/code_cache.h"
#include "nexus/engine/engine.h"
#include "nexus/engine/run_clock.h"
#include "nexus/engine/state_overlay.h"
#include "nexus/sandbox/host_calls.h"
#include "nexus/sandbox/snapshot.h"

namespace nexus::engine {

// The host side of one run: serves the guest's imports under the run's capabilities and limits, and
// collects what a segment did. Nothing about permission lives in guest memory.
//
// One thread at a time. begin_segment() .. end_segment() enclose each entry into the guest.
class HandlerRun final : public sandbox::HostCalls {
 public:
  HandlerRun(RunRequest request, Code code, const Clock& clock) : HandlerRun(std::move(request), std::move(code), clock, {}) {}

  // Starts collecting; `state` must live until end_segment().
  void begin_segment(const StateView& state);
  static constexpr std::size_t kKinds = static_cast<std::size_t>(capability::Kind::kExtension) + 1;
  // What the guest said and did since begin_segment(), moved out. A limit that ended the run is in
  // `limit_error`.
  struct Segment {
    std::vector<Event> events;
    std::vector<ViewCommand> view_commands;
    std::vector<LogLine> logs;
    std::vector<Suspension> started;
    std::vector<Denial> denials;
    std::array<std::uint32_t, kKinds> denied;  // calls, by capability::Kind
    Result<std::vector<Mutation>> mutations;
    std::optional<std::string> return_bytes;
    std::string error_report;
    std::optional<RunError> limit_error;
  };
  Segment end_segment();

  // The answer the guest will read when it is resumed with the call's index. False when it is an error
  // that the handler sees, as for an answer larger than a value may be.
  bool set_answer(const AsyncResult& answer);

  // The call `suspension_id` waits for, if it is open; closing it makes the id unknown.
  std::optional<std::uint32_t> index_of(std::string_view suspension_id) const;
  void close(std::string_view suspension_id);
  // Open calls, oldest first.
  std::vector<Suspension> open_calls() const;

  // All of a run that waits; its snapshot has been taken.
  SavedRun save() const;
  // A run that waits as the saved one did, under limits of at most `bounds`. Error kInvalidSuspension: `saved` is
  // damaged or of another format.
  static Result<std::shared_ptr<HandlerRun>> restore(const SavedRun& saved, HandlerSource source,
                                                     std::shared_ptr<const ExtensionMethods> extensions,
                                                     const Limits& bounds, const Clock& clock);

  // The error of a run that wanted more than `limit` of something.
  static RunError too_many(std::string_view what, std::uint64_t limit);

  const RunRequest& request() const { return request_; }
  const std::string& id() const { return id_; }
  const std::array<std::uint32_t, 4>& seed() const { return seed_; }
  // What Outcome::inputs says.
  std::optional<RunInputs> inputs() const;
  std::map<std::string_view, std::uint32_t> host_calls_by_name() const;
  // By sandbox::HostFunction.
  const std::array<std::uint32_t, sandbox::kHostFunctionCount>& host_calls() const { return call_counts_; }

  // Running time of all segments so far.
  std::chrono::nanoseconds total_time{0};
  // Took its part of the running time the run is allowed.
  std::chrono::nanoseconds compile_time{0};
  // While the run waits.
  sandbox::Snapshot snapshot;

  sandbox::HostReply call(sandbox::HostFunction function, const std::uint32_t* arguments,
                          sandbox::GuestMemory& memory) override;
  std::uint64_t wall_clock_ns() override;

 private:
  // `id`: empty for a new one.
  HandlerRun(RunRequest request, Code code, const Clock& clock, std::string id);
  Result<void> restore_counters(const value::Value& host);

  struct OpenCall {
    std::uint32_t index;
    Suspension suspension;
  };
  using Args = const std::uint32_t*;

  sandbox::HostReply input(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply output(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_get(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_set(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_delete(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_has(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_keys(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_declared(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply state_patch(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply emit_event(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply view_command(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply ext_suspend(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply ext_exists(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply ext_methods(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply ext_list(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply log(Args a, sandbox::GuestMemory& memory);
  sandbox::HostReply now(Args a, sandbox::GuestMemory& memory);

  // Reads a name or key of at most 256 bytes, or a value, out of the guest.
  Result<std::string> read_name(sandbox::GuestRange range, sandbox::GuestMemory& memory) const;
  Result<value::Value> read_value(sandbox::GuestRange range, sandbox::GuestMemory& memory);
  // Counts `bytes` more against Limits::total_bytes; past it the run has met its limit.
  Result<void> take_bytes(std::uint64_t bytes);
  // Writes an encoded value into the guest's buffer, or keeps it for the reply slot.
  sandbox::HostReply reply(const value::Value& value, std::uint32_t buffer, std::uint32_t capacity,
                           sandbox::GuestMemory& memory);
  // A failure the handler sees as an exception.
  sandbox::HostReply refuse(std::int32_t result, ErrorCode code, std::string_view message);
  sandbox::HostReply refuse(const Error& error);
  sandbox::HostReply deny(capability::Kind kind, std::string_view scope, std::string_view operation);
  // A failure that ends the run.
  sandbox::HostReply exceed(std::string_view what, std::uint64_t limit);
  sandbox::HostReply count_mutation();

  const RunRequest request_;
  const Code code_;
  RunClock clock_;
  std::array<std::uint32_t, 4> seed_;
  const std::string id_;
  std::string args_bytes_;
  std::string scope_bytes_;

  // Whole run.
  std::array<std::uint32_t, sandbox::kHostFunctionCount> call_counts_{};
  std::uint32_t calls_ = 0;
  std::uint32_t mutations_ = 0;
  std::uint32_t events_ = 0;
  std::uint32_t view_commands_ = 0;
  std::uint32_t log_lines_ = 0;
  std::uint64_t total_bytes_ = 0;
  std::uint32_t next_call_ = 0;
  std::vector<OpenCall> open_;

  // This segment.
  std::optional<StateOverlay> overlay_;
  const StateView* state_ = nullptr;
  std::vector<Event> segment_events_;
  std::vector<ViewCommand> segment_view_commands_;
  std::vector<LogLine> segment_logs_;
  std::vector<Suspension> segment_started_;
  std::vector<Denial> segment_denials_;
  std::array<std::uint32_t, kKinds> segment_denied_{};
  std::string answer_bytes_;
  std::string reply_bytes_;
  std::string message_;
  std::optional<std::string> return_bytes_;
  std::string error_report_;
  std::optional<RunError> limit_error_;
};

}  // namespace nexus::engine
