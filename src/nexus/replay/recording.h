#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/base/result.h"
#include "nexus/engine/engine.h"

// A run written down: all that it learned from outside, and what it did. Format of the file: docs/REPLAY.md.
namespace nexus::replay {

// What one segment asked of the state and was told.
struct StateReads {
  struct Check {
    std::string key;
    std::optional<Error> error;
    std::optional<value::Value> coerced;  // what the value became, when it was changed
  };
  std::map<std::string, std::optional<value::Value>, std::less<>> values;  // nothing: no such key
  std::optional<std::vector<std::string>> keys;                            // when they were asked for
  std::vector<Check> checks;                                               // of writes, in order
};

struct RecordedAnswer {
  std::string call_id;
  engine::AsyncResult result;
};

struct RecordedSegment {
  std::optional<RecordedAnswer> answer;  // that resumed the run; none for the first segment
  StateReads reads;
  std::vector<std::string> started_calls;  // their ids, in the order of `outcome`
  value::Value outcome;                    // describe()
  std::optional<engine::RunInputs> inputs;  // of the run so far
};

struct Recording {
  std::string run_id;
  std::string guest;  // engine::guest_build_hash() of the program that recorded
  std::int64_t recorded_ms = 0;
  engine::RunRequest request;
  std::vector<RecordedSegment> segments;
  // Why there may be more than is written down: the file was cut off or met its limit.
  std::optional<std::string> cut;
};

// What a segment did, without what is new each time: ids and figures.
value::Value describe(const engine::Outcome& outcome);

// The parts of a file, in order: one header, then the segments, then perhaps a mark that the limit was
// met.
std::string encode_header(const std::string& run_id, std::int64_t recorded_ms,
                          const engine::RunRequest& request);
std::string encode_segment(const RecordedSegment& segment);
std::string encode_cut(std::string_view why);

// Error kBadRequest: no recording, one of another version, or damaged. A file that ends inside a
// segment is read up to there.
Result<Recording> decode_recording(std::string_view bytes);

}  // namespace nexus::replay
