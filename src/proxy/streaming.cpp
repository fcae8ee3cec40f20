// The time of a stream: how long it may be silent, what its client hears meanwhile, and when it
// becomes the client's.
#include <fmt/format.h>

#include "proxy/body_reader.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {

net::TimePoint ExchangeRun::first_token_deadline() const {
    auto limit = rule_->streams.first_token;
    if (content_sent_ || !inspection_.stream || limit.count() == 0) return net::kNever;
    return record_.sent + limit;
}

net::TimePoint ExchangeRun::stream_deadline() const {
    if (!content_sent_) return std::min(until(timeouts().stream_idle), first_token_deadline());
    auto silence = timeouts().stream_idle;
    auto limit = rule_->streams.event_idle;
    if (limit.count() > 0 && record_.streamed)
        silence = silence.count() > 0 ? std::min(silence, limit) : limit;
    return until(silence);
}

net::TimePoint ExchangeRun::next_keep_alive() const {
    auto interval = rule_->streams.keep_alive;
    if (interval.count() == 0 || !inspection_.stream || !operation_) return net::kNever;
    // Neither AWS's messages nor JSON have comments.
    if (dialect_ == dialect::Dialect::bedrock || json_array_) return net::kNever;
    return std::max(last_sign_, client_.begun()) + interval;
}

/// A comment (WHATWG HTML §9.2.6: a line that begins with a colon is ignored). Before any content
/// it costs the head: after that no other status can be told, but another provider can still
/// answer.
net::Task<void> ExchangeRun::keep_alive() {
    last_sign_ = std::chrono::steady_clock::now();
    if (!client_.sent_head() && !answer_begun_) {
        client_.begin(200);
        client_.header("content-type", "text/event-stream");
        client_.header("cache-control", "no-cache");
        own_headers();
    }
    if (!client_.sent_head() && !content_sent_) client_.start_chunked();
    co_await client_.write(": keep-alive\n\n");
}

/// The provider's next bytes. `at_boundary`: the client has whole events only, so that a comment
/// may follow.
net::Task<Result<std::string_view>> ExchangeRun::next_piece(BodyReader& body, bool at_boundary) {
    const net::TimePoint deadline = stream_deadline();
    while (true) {
        net::TimePoint pause = at_boundary ? std::min(deadline, next_keep_alive()) : deadline;
        auto piece = co_await body.next(pause);
        if (piece || piece.error().code().name != codes::upstream_idle_timeout.name)
            co_return piece;
        auto now = std::chrono::steady_clock::now();
        if (now >= first_token_deadline())
            co_return fail(codes::upstream_first_token_timeout,
                           "the provider sent no content in time");
        if (now >= deadline) co_return piece;
        co_await keep_alive();
    }
}

/// From here on the client sees this provider's stream; nothing can be asked of another.
void ExchangeRun::commit_stream(Outgoing& out) {
    content_sent_ = true;
    if (continuation_) continuation_->due = false;
    plan_->committed();
    out.head = {};
    out.edited = {};
    if (!continuation_) client_.release_request();
    if (!client_.sent_head()) client_.start_chunked();
}

}  // namespace weir::proxy
