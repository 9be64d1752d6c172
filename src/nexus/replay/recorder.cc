#include "nexus/replay/recorder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "nexus/base/clock.h"
#include "nexus/base/rate_limit.h"
#include "nexus/replay/recording.h"

namespace nexus::replay {
namespace {

constexpr std::string_view kSuffix = ".nexusrun";
constexpr std::size_t kRunIdBytes = 36;  // a UUID
constexpr std::size_t kMaxNamePart = 40;

// What is safe in the name of a file, of text that an author chose.
std::string name_part(std::string_view text) {
  std::string part(text.substr(0, kMaxNamePart));
  for (char& c : part)
    if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_')) c = '_';
  return part;
}

// Names begin with the time, so that their order is that of the runs.
std::string file_name(const std::string& run_id, std::string_view panel_id,
                      std::string_view handler) {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(Clock::system().wall());
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%Y%m%dT%H%M%S}.{:03}Z-{}-{}-{}{}", fmt::gmtime(seconds),
                     (now - seconds).count(), name_part(panel_id), name_part(handler), run_id, kSuffix);
}

class DirectoryRecorder : public Recorder {
 public:
  explicit DirectoryRecorder(RecorderOptions options) : options_(std::move(options)) {}
  ~DirectoryRecorder() override {
    {
      const std::scoped_lock lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> start();
  void begin(const std::string& run_id, std::string_view panel_id, std::string_view handler,
             std::string bytes) override {
    enqueue({run_id, file_name(run_id, panel_id, handler), std::move(bytes)});
  }
  void append(const std::string& run_id, std::string bytes) override {
    enqueue({run_id, {}, std::move(bytes)});
  }

 private:
  struct Job {
    std::string run_id;
    std::string new_file;  // empty: the run has one
    std::string bytes;
  };
  struct File {
    std::string run_id;
    std::uint64_t bytes = 0;
    bool full = false;
  };

  void enqueue(Job job);
  void run();
  void write(const Job& job);
  void make_room(const std::string& keep);
  bool append_to(const std::string& name, std::string_view bytes);
  void warn(std::string_view text);

  const RecorderOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Job> queue_;
  std::size_t queued_bytes_ = 0;
  bool stop_ = false;

  RateLimit warnings_{1, std::chrono::minutes(1)};

  // Touched by thread_ only, once it runs.
  std::map<std::string, File> files_;           // by name, which is by time
  std::map<std::string, std::string> by_run_;   // run -> name
  std::uint64_t total_ = 0;

  std::thread thread_;
};

Result<void> DirectoryRecorder::start() {
  namespace fs = std::filesystem;
  const auto refuse = [&](const std::error_code& error) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" cannot hold recordings: {}", options_.directory, error.message())};
  };
  std::error_code error;
  fs::create_directories(options_.directory, error);
  if (error) return refuse(error);
  if (access(options_.directory.c_str(), W_OK | X_OK) != 0)
    return refuse(std::error_code(errno, std::generic_category()));
  fs::directory_iterator entries(options_.directory, error);
  if (error) return refuse(error);
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kSuffix) || name.size() < kRunIdBytes + kSuffix.size()) continue;
    const std::string run_id = name.substr(name.size() - kSuffix.size() - kRunIdBytes, kRunIdBytes);
    const auto bytes = entry.file_size(error);
    if (error) continue;
    files_.emplace(name, File{run_id, bytes, bytes >= options_.file_bytes});
    by_run_.emplace(run_id, name);
    total_ += bytes;
  }
  make_room({});
  thread_ = std::thread([this] { run(); });
  return {};
}

void DirectoryRecorder::enqueue(Job job) {
  bool fits = false;
  {
    const std::scoped_lock lock(mutex_);
    fits = queued_bytes_ + job.bytes.size() <= options_.queue_bytes;
    if (fits) {
      queued_bytes_ += job.bytes.size();
      queue_.push_back(std::move(job));
    }
  }
  if (fits) return changed_.notify_one();
  warn("recordings come faster than the disk takes them; some are incomplete");
}

void DirectoryRecorder::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const Job job = std::move(queue_.front());
    queue_.pop_front();
    queued_bytes_ -= job.bytes.size();
    lock.unlock();
    write(job);
    lock.lock();
  }
}

void DirectoryRecorder::write(const Job& job) {
  if (!job.new_file.empty()) {
    by_run_[job.run_id] = job.new_file;
    files_.emplace(job.new_file, File{job.run_id});
  }
  const auto name = by_run_.find(job.run_id);
  if (name == by_run_.end()) return;  // its file made room for newer ones
  File& file = files_.at(name->second);
  if (file.full) return;
  std::string_view bytes = job.bytes;
  const std::string cut = encode_cut(fmt::format("it met the limit of {} bytes", options_.file_bytes));
  if (file.bytes + bytes.size() > options_.file_bytes) {
    file.full = true;
    bytes = cut;
  }
  if (!append_to(name->second, bytes)) {
    file.full = true;
    return;
  }
  file.bytes += bytes.size();
  total_ += bytes.size();
  make_room(name->second);
}

void DirectoryRecorder::make_room(const std::string& keep) {
  while (total_ > options_.total_bytes && !files_.empty()) {
    const auto oldest = files_.begin();
    if (oldest->first == keep) return;
    unlink((options_.directory + "/" + oldest->first).c_str());
    total_ -= oldest->second.bytes;
    by_run_.erase(oldest->second.run_id);
    files_.erase(oldest);
  }
}

bool DirectoryRecorder::append_to(const std::string& name, std::string_view bytes) {
  const std::string path = options_.directory + "/" + name;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  bool good = file >= 0;
  while (good && !bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    good = written > 0;
    if (good) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  const int error = errno;
  if (file >= 0) close(file);
  if (!good) warn(fmt::format("a recording cannot be written to \"{}\": {}", path, std::strerror(error)));
  return good;
}

void DirectoryRecorder::warn(std::string_view text) {
  if (warnings_.admit(Clock::system().now())) options_.on_warning(text);
}

// Notes what a segment asks of the state.
class ListeningView : public engine::StateView {
 public:
  explicit ListeningView(const engine::StateView& state) : state_(state) {}

  const value::Value* get(std::string_view key) const override {
    const value::Value* found = state_.get(key);
    if (!reads_.values.contains(key))
      reads_.values.emplace(key, found == nullptr ? std::nullopt : std::optional(*found));
    return found;
  }
  std::vector<std::string> keys() const override {
    auto keys = state_.keys();
    reads_.keys = keys;
    return keys;
  }
  Result<void> check_write(std::string_view key, value::Value* value) const override {
    const std::optional<value::Value> given = value == nullptr ? std::nullopt : std::optional(*value);
    auto result = state_.check_write(key, value);
    StateReads::Check check{std::string(key), {}, {}};
    if (!result.ok())
      check.error = Error{result.error().code, result.error().message};
    else if (value != nullptr && *value != *given)
      check.coerced = *value;
    reads_.checks.push_back(std::move(check));
    return result;
  }

  StateReads take() { return std::move(reads_); }

 private:
  const engine::StateView& state_;
  mutable StateReads reads_;
};

std::string encode(const engine::Outcome& outcome, ListeningView& view,
                   std::optional<RecordedAnswer> answer) {
  RecordedSegment segment{std::move(answer), view.take(), {}, describe(outcome), outcome.inputs};
  for (const auto& call : outcome.new_suspensions) segment.started_calls.push_back(call.id);
  return encode_segment(segment);
}

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::create(RecorderOptions options) {
  auto recorder = std::make_unique<DirectoryRecorder>(std::move(options));
  NX_TRY_VOID(recorder->start());
  return std::unique_ptr<Recorder>(std::move(recorder));
}

engine::Outcome execute(engine::Engine& engine, engine::RunRequest request,
                        const engine::StateView& state, Recorder* recorder) {
  if (recorder == nullptr) return engine.execute(std::move(request), state);
  ListeningView view(state);
  request.record_inputs = true;
  engine::RunRequest copy = request;
  const auto now = unix_ms(Clock::system().wall());
  engine::Outcome outcome = engine.execute(std::move(request), view);
  if (!outcome.run_id.empty())
    recorder->begin(outcome.run_id, copy.panel_id, copy.handler_name,
                    encode_header(outcome.run_id, now, copy) + encode(outcome, view, std::nullopt));
  return outcome;
}

engine::Outcome resume(engine::Engine& engine, const std::string& suspension_id,
                       engine::AsyncResult answer, const engine::StateView& state,
                       Recorder* recorder) {
  if (recorder == nullptr) return engine.resume(suspension_id, std::move(answer), state);
  ListeningView view(state);
  RecordedAnswer recorded{suspension_id, answer};
  engine::Outcome outcome = engine.resume(suspension_id, std::move(answer), view);
  if (!outcome.run_id.empty())
    recorder->append(outcome.run_id, encode(outcome, view, std::move(recorded)));
  return outcome;
}

}  // namespace nexus::replay
