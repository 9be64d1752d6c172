#include "nexus/extension/http_extension.h"

#include <fmt/format.h>

#include "nexus/base/clock.h"
#include "nexus/extension/http_base_url.h"
#include "nexus/extension/pending_call_internal.h"
#include "nexus/value/json.h"

namespace nexus::extension {
namespace {

// One call under way, told of once when it ends. Loop thread; may outlive the extension.
class Pending {
 public:
  Pending(PendingCall::AnswerPtr answer, decltype(HttpOptions::on_call) on_call)
      : answer_(std::move(answer)), on_call_(std::move(on_call)) {}

  void finish(std::string_view outcome, Result<value::Value> result) const {
    report(outcome);
    PendingCall::deliver(*answer_, std::move(result));
  }
  void give_up() const { report("cancelled"); }
  void progress(value::Value progress) const {
    if (!answer_->over) answer_->reports.progress(std::move(progress));
  }

 private:
  void report(std::string_view outcome) const {
    if (!answer_->over && on_call_) on_call_(outcome, Clock::system().now() - began_);
  }

  PendingCall::AnswerPtr answer_;
  decltype(HttpOptions::on_call) on_call_;
  Clock::Steady began_ = Clock::system().now();
};

std::string_view outcome_of(const Result<HttpResponse>& answer) {
  if (answer.ok()) {
    const int status_class = answer->status / 100;
    return status_class >= 2 && status_class <= 5
               ? kHttpOutcomes[static_cast<std::size_t>(status_class - 2)]
               : "failed";
  }
  switch (answer.error().code) {
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kResourceLimit:
      return "refused";
    default:
      return "failed";
  }
}

class HttpCall : public PendingCall {
 public:
  HttpCall(HttpClient& client, AnswerPtr answer, Pending pending)
      : PendingCall(std::move(answer)), client_(client), pending_(std::move(pending)) {}
  ~HttpCall() override {
    pending_.give_up();
    if (id_ != 0) client_.cancel(id_);
  }
  void set_id(std::uint64_t id) { id_ = id; }

 private:
  HttpClient& client_;
  const Pending pending_;
  std::uint64_t id_ = 0;
};

value::Object progress_of(std::size_t received, std::optional<std::size_t> total) {
  value::Object progress{{"received", std::uint64_t{received}}};
  if (total) progress.append("total", std::uint64_t{*total});
  return progress;
}

const std::string& base_url_of(const CallContext& context) {
  static const std::string none;
  const value::Value* base = context.settings ? context.settings->find("baseURL") : nullptr;
  return base == nullptr ? none : base->string();
}

class HttpExtension : public Extension {
 public:
  HttpExtension(loop::Loop& loop, HttpPolicy policy, const HttpOptions& options)
      : loop_(loop),
        timeout_(options.timeout),
        secrets_(options.secrets),
        on_call_(options.on_call),
        client_(HttpClient::create(std::move(policy), options.client)) {}

  std::string_view name() const override { return "nexus.http"; }
  const std::vector<std::string>& methods() const override { return http_methods(); }

  Result<void> check_settings(const value::Object& settings) const override {
    for (const auto& [key, setting] : settings) {
      if (key != "baseURL")
        return Error{ErrorCode::kInvalidArgument,
                     fmt::format("nexus.http has no setting \"{}\"; it has baseURL", key)};
      NX_TRY_VOID(check_base_url(setting.is_string() ? setting.string() : value::to_json(setting)));
    }
    return {};
  }

  CallPlan plan(std::string_view method, const value::List& args) const override {
    const auto any_secret = [](const std::string&) { return std::shared_ptr<const HttpSecret>(); };
    const auto request = read_http_request(method, args, timeout_, any_secret);
    return {.repeatable = !request.ok() || is_repeatable(*request)};
  }

  std::unique_ptr<Call> call(const CallContext& context, std::string_view method, value::List args,
                             Reports reports) override {
    auto answer = PendingCall::open(std::move(reports));
    const Pending pending(answer, on_call_);
    auto call = std::make_unique<HttpCall>(*client_, std::move(answer), pending);
    auto started = start(context, method, args, pending);
    if (started.ok()) {
      call->set_id(*started);
    } else {
      loop_.post([pending, error = std::move(started).take_error()] {
        pending.finish(outcome_of(Error(error)), Error(error));
      });
    }
    return call;
  }

 private:
  Result<std::uint64_t> start(const CallContext& context, std::string_view method,
                              const value::List& args, const Pending& pending) {
    const auto find_secret = [&](const std::string& name) {
      return secrets_.find(name, context.workspace);
    };
    NX_TRY(HttpRequest request, read_http_request(method, args, timeout_, find_secret));
    NX_TRY(request.url, resolve_url(base_url_of(context), request.url));
    if (!context.call_id.empty()) add_idempotency_key(request, context.call_id);
    return client_->start(std::move(request), callbacks_for(pending));
  }

  HttpClient::Callbacks callbacks_for(const Pending& pending) {
    return {.finished =
                [&loop = loop_, pending](Result<HttpResponse> answer) {
                  const std::string_view outcome = outcome_of(answer);
                  // A posted task must be copyable, which an answer is not; decoding it here spares
                  // the loop.
                  auto result = std::make_shared<Result<value::Value>>(
                      answer.ok() ? Result<value::Value>(to_value(std::move(answer).take()))
                                  : Result<value::Value>(std::move(answer).take_error()));
                  loop.post([pending, outcome, result] {
                    pending.finish(outcome, std::move(*result));
                  });
                },
            .progress =
                [&loop = loop_, pending](std::size_t received, std::optional<std::size_t> total) {
                  loop.post([pending, received, total] {
                    pending.progress(progress_of(received, total));
                  });
                }};
  }

  loop::Loop& loop_;
  const std::chrono::milliseconds timeout_;
  const HttpSecrets secrets_;
  const decltype(HttpOptions::on_call) on_call_;
  const std::unique_ptr<HttpClient> client_;
};

}  // namespace

Result<std::unique_ptr<Extension>> make_http_extension(loop::Loop& loop,
                                                       const HttpOptions& options) {
  NX_TRY(HttpPolicy policy, HttpPolicy::create(options.allowed_domains, options.private_hosts));
  return std::unique_ptr<Extension>(
      std::make_unique<HttpExtension>(loop, std::move(policy), options));
}

}  // namespace nexus::extension
