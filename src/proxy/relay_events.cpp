// Phase 10, relay, of streams in the client's own dialect: whole events go on unchanged, a watcher
// looks at them.
#include <fmt/format.h>

#include "dialect/errors.h"
#include "dialect/first_content.h"
#include "dialect/stream_cut.h"
#include "dialect/watcher.h"
#include "proxy/body_reader.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {

struct ExchangeRun::PassedStream {
    dialect::PassthroughWatcher watcher;
    dialect::FirstContent first;
    std::string held = {};             ///< events before any content
    std::optional<Error> broken = {};  ///< why no more came
};

net::Task<Result<void>> ExchangeRun::relay_events(Outgoing& out, BodyReader& body) {
    PassedStream stream{
        .watcher = dialect::PassthroughWatcher({.dialect = dialect_,
                                                .operation = out.context.operation,
                                                .withhold_usage = out.withhold_usage,
                                                .whole_events = true}),
        .first = dialect::FirstContent(dialect_, out.context.operation)};
    std::optional<Result<void>> passed;
    try {
        passed = co_await pass_events(out, body, stream);
    } catch (const net::Cancelled&) {
        take_facts(stream.watcher);
        throw;
    }
    if (cut_) co_return *passed;
    take_facts(stream.watcher);
    if (!*passed) co_return *passed;
    co_return co_await end_passed(stream);
}

void ExchangeRun::take_facts(const dialect::PassthroughWatcher& watcher) {
    record_.usage = watcher.usage();
    record_.response_model = watcher.response_model();
}

/// Until the provider ends it, it breaks or a limit cuts it. Fails where no content has come and
/// somebody else may be asked.
net::Task<Result<void>> ExchangeRun::pass_events(Outgoing& out, BodyReader& body,
                                                 PassedStream& stream) {
    dialect::PassthroughWatcher& watcher = stream.watcher;
    while (!watcher.terminated() || !body.done()) {
        auto piece = co_await next_piece(body, watcher.at_event_boundary());
        if (!piece) {
            stream.broken = std::move(piece).error();
            break;
        }
        if (piece->empty()) break;
        auto pieces = watcher.feed(*piece);
        if (!content_sent_) {
            WEIR_CO_TRY(const bool begins, content_begins(stream.first, pieces, watcher));
            if (!begins && stream.held.size() < kHoldBack) {
                for (std::string_view part : pieces)
                    stream.held.append(part);
                continue;
            }
            commit_stream(out);
            co_await send_held(std::exchange(stream.held, {}));
        }
        note_passing(pieces);
        pieces = to_client(pieces);
        bool room = may_grow();
        if (!room && limits_.lacks_lease()) room = co_await grow_with_leases();
        if (!room) {
            take_facts(watcher);
            co_return co_await cut_stream(out.context, pieces.empty() ? "" : pieces.back());
        }
        if (watcher.terminated() && body.done()) {
            co_await finish_stream(pieces);
            break;
        }
        co_await client_.write(pieces);
        if (continuation_ && continuation_->stream.failed()) break;
    }
    co_return Result<void>();
}

/// What came before the content goes first.
net::Task<void> ExchangeRun::send_held(std::string held) {
    measure(held);
    if (held.empty()) co_return;
    const std::array<std::string_view, 1> before{held};
    note_seals(held);
    co_await client_.write(to_client(before));
}

/// What limits, continuations and affinity want to know of events that are about to go out.
void ExchangeRun::note_passing(std::span<const std::string_view> pieces) {
    note_first_token();
    if (limits_.active() || continuation_)
        for (std::string_view sent : pieces)
            measure(sent);
    if (watches_seals_)
        for (std::string_view passing : pieces)
            note_seals(passing);
}

/// The provider's stream is over, one way or another: the client's ends, is continued elsewhere, or
/// another backend is asked.
net::Task<Result<void>> ExchangeRun::end_passed(PassedStream& stream) {
    dialect::PassthroughWatcher& watcher = stream.watcher;
    std::optional<Error>& broken = stream.broken;
    if (watcher.provider_error()) record_.error = &codes::upstream_error;
    if (client_.finished()) co_return Result<void>();
    if (!broken && !watcher.terminated() && !watcher.provider_error())
        broken = Error(codes::upstream_truncated,
                       "the provider's stream ended without its terminal event");
    if (!content_sent_) {
        if (!broken) broken = Error(codes::upstream_empty, "the provider's stream held no content");
        co_return std::unexpected(std::move(*broken));
    }
    if (continuation_ && (broken || watcher.provider_error())) {
        Error why = broken ? *broken : Error(codes::upstream_error, "an error in the stream");
        if (continues(why)) co_return std::unexpected(std::move(why));
    }
    if (continuation_ && continuation_->stream.failed()) {
        const std::array<std::string_view, 1> told{continuation_->stream.error_event()};
        co_await finish_stream(told);
        co_return Result<void>();
    }
    if (!broken) {
        co_await finish_stream(to_client(watcher.finish()));
        co_return Result<void>();
    }
    if (continuation_) co_return co_await end_with_error(*broken, "");
    // What is left of an event that broke off is not sent on: the error event takes its place.
    co_return co_await end_with_error(*broken, watcher.at_event_boundary() ? "" : "\n\n");
}

/// Whether content begins in `pieces`; fails if this is no stream of answers. A provider's own
/// error event goes to the client when nobody else can be asked.
Result<bool> ExchangeRun::content_begins(dialect::FirstContent& first,
                                         std::span<const std::string_view> pieces,
                                         const dialect::PassthroughWatcher& watcher) {
    if (const auto& error = watcher.provider_error()) {
        if (!client_.sent_head() && !refused(error->status, std::nullopt)) return true;
        return fail(codes::upstream_error,
                    fmt::format("{} reported {} in its stream", attempt_->backend, error->type));
    }
    for (std::string_view events : pieces) {
        auto seen = first.look(events);
        if (seen == dialect::FirstContent::Seen::content) return true;
        if (seen == dialect::FirstContent::Seen::garbage)
            return fail(codes::upstream_protocol, "the provider's stream holds no JSON");
    }
    return false;
}

/// A limit with overflow `cut` has nothing left: the stream ends as at a model's own limit. What
/// the provider had sent since the last write was produced, and is not passed on.
net::Task<Result<void>> ExchangeRun::cut_stream(const dialect::Context& context,
                                                std::string_view last) {
    cut_ = true;
    record_.finish_reasons = {"length"};
    std::string events;
    dialect::append_stream_cut({.dialect = dialect_,
                                .operation = context.operation,
                                .id = record_.response_id,
                                .model = record_.response_model,
                                .created = limit_time().time_since_epoch().count() / 1000,
                                .last = last,
                                .output_tokens = produced()},
                               events);
    co_await client_.finish(events);
    co_return Result<void>();
}

/// Tells a client in the middle of a stream, in its own dialect, that the rest will not come.
net::Task<Result<void>> ExchangeRun::end_with_error(const Error& error, std::string_view boundary) {
    record_.error = &error.code();
    std::string event(boundary);
    dialect::append_stream_error(dialect_, operation_.value_or(dialect::Operation::chat), error,
                                 event);
    client_.close_after();
    co_await client_.finish(event);
    co_return std::unexpected(error);
}

}  // namespace weir::proxy
