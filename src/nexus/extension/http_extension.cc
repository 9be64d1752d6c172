#include "nexus/extension/http_extension.h"

namespace nexus::extension {
namespace {

// The asker's side of one call; shared with the client's thread, touched on the loop only.
struct PendingAnswer {
  Done done;  // empty once answered or cancelled
};

class HttpCall : public Call {
 public:
  HttpCall(HttpClient& client, std::shared_ptr<PendingAnswer> pending)
      : client_(client), pending_(std::move(pending)) {}
  ~HttpCall() override {
    pending_->done = nullptr;
    if (id_ != 0) client_.cancel(id_);
  }
  void set_id(std::uint64_t id) { id_ = id; }

 private:
  HttpClient& client_;
  std::shared_ptr<PendingAnswer> pending_;
  std::uint64_t id_ = 0;
};

void deliver(PendingAnswer& pending, Result<value::Value> result) {
  if (!pending.done) return;
  const Done done = std::exchange(pending.done, nullptr);
  done(std::move(result));
}

class HttpExtension : public Extension {
 public:
  HttpExtension(loop::Loop& loop, HttpPolicy policy, const HttpOptions& options)
      : loop_(loop),
        timeout_(options.timeout),
        client_(HttpClient::create(std::move(policy), options.client)) {}

  std::string_view name() const override { return "nexus.http"; }
  const std::vector<std::string>& methods() const override { return http_methods(); }

  CallPlan plan(std::string_view method, const value::List& args) const override {
    const auto request = read_http_request(method, args, timeout_);
    return {.repeatable = !request.ok() || is_repeatable(*request)};
  }

  std::unique_ptr<Call> call(const CallContext& context, std::string_view method, value::List args,
                             Done done) override {
    auto pending = std::make_shared<PendingAnswer>(PendingAnswer{std::move(done)});
    auto call = std::make_unique<HttpCall>(*client_, pending);
    auto started = start(context, method, args, pending);
    if (started.ok()) {
      call->set_id(*started);
    } else {
      loop_.post(
          [pending, error = std::move(started).take_error()] { deliver(*pending, Error(error)); });
    }
    return call;
  }

 private:
  Result<std::uint64_t> start(const CallContext& context, std::string_view method,
                              const value::List& args,
                              const std::shared_ptr<PendingAnswer>& pending) {
    NX_TRY(HttpRequest request, read_http_request(method, args, timeout_));
    if (!context.call_id.empty()) add_idempotency_key(request, context.call_id);
    return client_->start(
        std::move(request), [&loop = loop_, pending](Result<HttpResponse> answer) {
          // A posted task must be copyable, which an answer is not; decoding it here spares the
          // loop.
          auto result = std::make_shared<Result<value::Value>>(
              answer.ok() ? Result<value::Value>(to_value(std::move(answer).take()))
                          : Result<value::Value>(std::move(answer).take_error()));
          loop.post([pending, result] { deliver(*pending, std::move(*result)); });
        });
  }

  loop::Loop& loop_;
  const std::chrono::milliseconds timeout_;
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
