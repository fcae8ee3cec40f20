// Phase 10, relay, where the provider speaks another dialect than the client: answers, streams and
// refusals translated.
#include <fmt/format.h>

#include "dialect/errors.h"
#include "proxy/body_reader.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kMaxErrorBody = 1 << 20;      // of a provider's error answer
constexpr std::size_t kTranslateAtOnce = 8 * 1024;  // bytes of a provider's stream
constexpr std::size_t kMaxLost = 2048;              // bytes of a header that an answer may fill

}  // namespace

net::Task<Result<void>> ExchangeRun::relay_translated_events(Outgoing& out, BodyReader& body) {
    dialect::StreamTranslator stream(out.context);
    if (!client_.sent_head()) {
        client_.header("content-type", stream.content_type());
        client_.header("cache-control", "no-cache");
    }
    std::string events;
    std::optional<Error> broken;
    auto take_facts = [&] {
        record_.usage = stream.usage();
        record_.response_model = stream.response_model();
        record_.response_id = stream.response_id();
        record_.finish_reasons = stream.finish_reasons();
        note_losses(stream.dropped());
    };
    try {
        while (!broken) {
            auto piece = co_await next_piece(body, events.empty() || !content_sent_);
            if (!piece) {
                broken = std::move(piece).error();
                break;
            }
            if (piece->empty()) {
                if (auto ended = stream.finish(events); !ended) broken = std::move(ended).error();
                break;
            }
            // In slices, so that what a slow client has not taken stays small.
            for (std::string_view rest = *piece; !rest.empty() && !broken;) {
                std::string_view slice = rest.substr(0, kTranslateAtOnce);
                rest.remove_prefix(slice.size());
                if (auto fed = stream.feed(slice, events); !fed) broken = std::move(fed).error();
                if (broken || (!rest.empty() && events.size() < kTranslateAtOnce)) continue;
                // Held back until there is content, or an end without any.
                if (!content_sent_ && !stream.content_started() &&
                    stream.finish_reasons().empty() && events.size() < kHoldBack)
                    continue;
                if (!content_sent_) commit_stream(out);
                if (stream.content_started()) note_first_token();
                if (limits_.active() || continuation_) measure(events);
                note_seals(events);
                bool grows = may_grow();
                if (!grows && limits_.lacks_lease()) grows = co_await grow_with_leases();
                if (!grows && dialect::stream_is_reframed(out.context.operation, dialect_)) {
                    take_facts();
                    // What is open the encoder knows.
                    cut_ = true;
                    record_.finish_reasons = {"length"};
                    stream.cut(events);
                    co_await client_.finish(events);
                    co_return Result<void>();
                }
                const std::array<std::string_view, 1> made{events};
                auto pieces = to_client(made);
                if (!grows) {
                    take_facts();
                    co_return co_await cut_stream(out.context, pieces.front());
                }
                if (!pieces.front().empty()) co_await client_.write(pieces.front());
                events.clear();
            }
        }
    } catch (const net::Cancelled&) {
        take_facts();
        throw;
    }
    take_facts();
    if (!broken && !content_sent_ && stream.finish_reasons().empty() && !stream.content_started())
        broken = Error(codes::upstream_empty, "the provider's stream held no content");
    if (broken && !content_sent_) {
        const auto& error = stream.provider_error();
        if (!error || client_.sent_head() || refused(error->status, std::nullopt))
            co_return std::unexpected(std::move(*broken));
    }
    if (!content_sent_) commit_stream(out);
    note_seals(events);
    const std::array<std::string_view, 1> piece{events};
    if (!broken) {
        co_await finish_stream(to_client(piece));
        co_return Result<void>();
    }
    if (continuation_) {
        meter_.events(events);
        co_await client_.write(to_client(piece));
        events.clear();
        if (continues(*broken)) co_return std::unexpected(std::move(*broken));
    }
    record_.error = &broken->code();
    stream.encode_error(*broken, events);
    client_.close_after();
    co_await client_.finish(events);
    co_return std::unexpected(std::move(*broken));
}

/// What the client is not told of an answer: for the header of a whole one, and for the log.
void ExchangeRun::note_losses(const std::vector<std::string>& lost) {
    std::string& list = record_.lost_of_answer;
    for (const auto& pointer : lost) {
        const bool fits = list.size() + pointer.size() <= kMaxLost;
        list.append(list.empty() ? "" : ",").append("answer:").append(fits ? pointer : "...");
        if (!fits) return;
    }
}

/// Collects a whole body. Fails with upstream.too_large beyond `limit`.
net::Task<Result<std::string>> ExchangeRun::collect(BodyReader& body, uint64_t limit) {
    std::string whole;
    while (true) {
        WEIR_CO_TRY(std::string_view piece, co_await body.next(stream_deadline()));
        if (piece.empty()) break;
        if (whole.size() + piece.size() > limit)
            co_return fail(codes::upstream_too_large,
                           fmt::format("the provider's answer is larger than {} bytes", limit));
        whole.append(piece);
        if (body.done()) break;
    }
    co_return whole;
}

net::Task<Result<void>> ExchangeRun::relay_translated(Outgoing& out, BodyReader& body,
                                                      const Head& head) {
    begin_answer(head, false, Losses::pending);  // now: the body's first read ends the head's views
    WEIR_CO_TRY(std::string whole, co_await collect(body, pinned_->snapshot->limits.response_body));
    WEIR_CO_TRY(dialect::ClientResponse answer, dialect::translate_response(out.context, whole));
    record_.usage = answer.usage;
    record_.response_model = std::move(answer.model);
    record_.response_id = std::move(answer.id);
    record_.finish_reasons = std::move(answer.finish_reasons);
    note_first_token();
    meter_.body(answer.body);
    note_seals(answer.body);
    note_losses(answer.dropped);
    tell_losses();
    client_.header("content-type", answer.content_type);
    content_sent_ = true;
    plan_->committed();
    co_await client_.send(answer.body);
    co_return Result<void>();
}

/// The provider's refusal: its status, type and message, in the client's dialect.
net::Task<Result<void>> ExchangeRun::relay_error(const snapshot::Attempt& attempt, Outgoing& out,
                                                 BodyReader& body, const Head& head) {
    begin_answer(head, false);
    int status = head.status;
    std::vector<dialect::OwnedHeader> owned;
    for (const auto& field : head.headers)
        owned.push_back({std::string(field.name), std::string(field.value)});
    auto whole = co_await collect(body, kMaxErrorBody);
    if (!whole && whole.error().code().name != codes::upstream_too_large.name)
        co_return std::unexpected(std::move(whole).error());
    std::string text = whole ? std::move(*whole) : std::string();
    if (out.withhold_usage && (status == 400 || status == 422) &&
        text.find("stream_options") != std::string::npos) {
        pinned_->refuses_usage[attempt.id] = true;
        ask_again_ = true;
        co_return Result<void>();
    }
    std::vector<dialect::HeaderView> headers;
    for (const auto& header : owned)
        headers.push_back({header.name, header.value});
    dialect::ClientError answer = dialect::translate_error(out.context, status, headers, text);
    record_.error = &codes::upstream_error;
    client_.header("content-type", answer.content_type);
    for (const auto& header : answer.headers)  // the provider's own has gone ahead, if it said it
        if (dialect::find_header(headers, header.name).empty())
            client_.header(header.name, header.value);
    co_await client_.send(answer.body);
    co_return Result<void>();
}

}  // namespace weir::proxy
