// Phases 9 and 10: a stream that breaks after its client has seen something of it goes on at
// another backend, which is told the text so far. One stream to the client, one reservation, two
// usages.
#include "proxy/continuation.h"

#include <fmt/format.h>

#include "base/log.h"
#include "dialect/continued_request.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {
namespace {

/// So much is readable behind a body that is peeked (http/held_body.h).
constexpr std::size_t kPadding = http::kBodyPadding;

}  // namespace

/// Called as the first attempt's stream begins to arrive.
void ExchangeRun::prepare_continuation(const Outgoing& out) {
    if (continuation_ || !rule_->streams.proceed || !out.stream || !operation_ || upload_) return;
    if (json_array_ || !dialect::ContinuedStream::serves(dialect_, *operation_)) return;
    auto request = json::parse(body_);
    if (!request || !dialect::may_be_continued(dialect_, *operation_, *request)) return;
    continuation_ = std::make_unique<Continuation>(dialect::ContinuedStream::Options{
        dialect_, *operation_, static_cast<std::size_t>(rule_->streams.held_text)});
    continuation_->request = std::move(*request);
}

/// What the client gets of `pieces`: themselves, unless the stream may have to go on elsewhere.
std::span<const std::string_view> ExchangeRun::to_client(std::span<const std::string_view> pieces) {
    if (!continuation_) return pieces;
    continuation_->out.clear();
    for (std::string_view piece : pieces)
        continuation_->stream.feed(piece, continuation_->out);
    continuation_->piece[0] = continuation_->out;
    return continuation_->piece;
}

/// Ends the client's stream. How many attempts it took was not known when its head left, if another
/// backend went on with it: then the trailer tells (RFC 9110 §6.5).
net::Task<void> ExchangeRun::finish_stream(std::span<const std::string_view> pieces) {
    if (record_.continuations == 0) {
        co_await client_.finish(pieces);
        co_return;
    }
    if (!pieces.empty()) co_await client_.write(pieces);
    std::string trailer = fmt::format("x-weir-attempts: {}\r\n", record_.attempts);
    co_await client_.finish({}, trailer);
}

/// Whether the stream that broke goes on elsewhere; `another_` is then set, and the attempt over.
bool ExchangeRun::continues(const Error& broken) {
    if (!continuation_ || cut_ || broken.fault() != Fault::upstream ||
        record_.continuations >= rule_->streams.continuations)
        return false;
    if (auto obstacle = continuation_->stream.obstacle(); obstacle != dialect::Obstacle::none) {
        log::debug("request {}: its stream broke and is not continued: {}", record_.request_id,
                   dialect::to_string(obstacle));
        return false;
    }
    if (continuation_->stream.text().find_first_not_of(" \t\r\n") == std::string_view::npos)
        return false;
    auto now = std::chrono::steady_clock::now();
    another_ = plan_->elsewhere(gateway_.random(), now);
    if (!another_) return false;
    plan_->ended(verdict_of(broken), now);
    plan_->state().counts->continuations.fetch_add(1, std::memory_order_relaxed);
    discard_attempt();
    ++record_.continuations;
    continuation_->due = true;
    content_sent_ = false;  // of the attempt to come, whose beginning can still fail unseen
    return true;
}

/// What an attempt used that is not the exchange's last one: as its provider reported, else as
/// estimated.
void ExchangeRun::discard_attempt() {
    dialect::Usage used = record_.usage;
    if (!used.input) {
        used.input = expected().input;
        record_.discard_estimated = true;
    }
    auto produced = static_cast<int64_t>(this->produced());
    if (!used.output || *used.output < produced) {
        used.output = produced;
        record_.discard_estimated = true;
    }
    used.total.reset();
    count_discarded(used, record_.provider_model, *attempt_);
    record_.usage = {};
    record_.finish_reasons.clear();
}

/// The request that `attempt` is sent when it goes on with a stream.
Result<void> ExchangeRun::ask_to_continue(const snapshot::Attempt& attempt) {
    Continuation& c = *continuation_;
    auto produced = static_cast<uint64_t>(record_.discarded.output.value_or(0));
    auto made =
        dialect::continue_request(dialect_, *operation_, c.request, {c.stream.text(), produced},
                                  attempt.schema, !c.prefill_refused);
    c.prefilled = made.prefilled;
    c.stream.resume({.spent = record_.discarded, .tail = made.tail});
    c.body = std::move(made.body);
    const std::size_t size = c.body.size();
    c.body.append(kPadding, '\0');
    body_ = std::string_view(c.body).substr(0, size);
    WEIR_TRY(inspection_.peek, gateway_.peeker_.peek(body_));
    inspection_.reading = ++gateway_.readings_;
    inspection_.model = record_.client_model;
    return {};
}

/// A model that takes no beginning of its own turn is asked with an instruction instead.
bool ExchangeRun::prefill_was_refused(int status) {
    if (!continuation_ || !continuation_->due || !continuation_->prefilled) return false;
    if (status != 400 && status != 422) return false;
    continuation_->prefill_refused = true;
    return true;
}

}  // namespace weir::proxy
