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

struct ExchangeRun::TranslatedStream {
    dialect::StreamTranslator translator;
    std::string events = {};           ///< of the client's, not yet sent
    std::optional<Error> broken = {};  ///< why no more came
};

net::Task<Result<void>> ExchangeRun::relay_translated_events(Outgoing& out, BodyReader& body) {
    TranslatedStream stream{.translator = dialect::StreamTranslator(out.context)};
    if (!client_.sent_head()) {
        client_.header("content-type", stream.translator.content_type());
        client_.header("cache-control", "no-cache");
    }
    std::optional<Result<void>> sent;
    try {
        sent = co_await translate_events(out, body, stream);
    } catch (const net::Cancelled&) {
        take_facts(stream.translator);
        throw;
    }
    if (cut_) co_return *sent;
    take_facts(stream.translator);
    co_return co_await end_translated(out, stream);
}

void ExchangeRun::take_facts(const dialect::StreamTranslator& stream) {
    record_.usage = stream.usage();
    record_.response_model = stream.response_model();
    record_.response_id = stream.response_id();
    record_.finish_reasons = stream.finish_reasons();
    note_losses(stream.dropped());
}

/// Until the provider ends it, it breaks or a limit cuts it.
net::Task<Result<void>> ExchangeRun::translate_events(Outgoing& out, BodyReader& body,
                                                      TranslatedStream& stream) {
    while (!stream.broken) {
        auto piece = co_await next_piece(body, stream.events.empty() || !content_sent_);
        if (!piece) {
            stream.broken = std::move(piece).error();
        } else if (piece->empty()) {
            if (auto ended = stream.translator.finish(stream.events); !ended)
                stream.broken = std::move(ended).error();
            break;
        } else {
            // In slices, so that what a slow client has not taken stays small.
            for (std::string_view rest = *piece; !rest.empty() && !stream.broken;) {
                const std::string_view slice = rest.substr(0, kTranslateAtOnce);
                rest.remove_prefix(slice.size());
                if (auto fed = stream.translator.feed(slice, stream.events); !fed)
                    stream.broken = std::move(fed).error();
                else if (rest.empty() || stream.events.size() >= kTranslateAtOnce)
                    WEIR_CO_CHECK(co_await send_translated(out, stream));
                if (cut_) co_return Result<void>();
            }
        }
    }
    co_return Result<void>();
}

/// Sends the events that there are, once there is content or an end without any.
net::Task<Result<void>> ExchangeRun::send_translated(Outgoing& out, TranslatedStream& stream) {
    dialect::StreamTranslator& translator = stream.translator;
    std::string& events = stream.events;
    if (!content_sent_ && !translator.content_started() && translator.finish_reasons().empty() &&
        events.size() < kHoldBack)
        co_return Result<void>();
    if (!content_sent_) commit_stream(out);
    if (translator.content_started()) note_first_token();
    if (limits_.active() || continuation_) measure(events);
    note_seals(events);
    bool grows = may_grow();
    if (!grows && limits_.lacks_lease()) grows = co_await grow_with_leases();
    if (!grows) take_facts(translator);
    if (!grows && dialect::stream_is_reframed(out.context.operation, dialect_)) {
        // What is open the encoder knows.
        cut_ = true;
        record_.finish_reasons = {"length"};
        translator.cut(events);
        co_await client_.finish(events);
        co_return Result<void>();
    }
    const std::array<std::string_view, 1> made{events};
    const auto pieces = to_client(made);
    if (!grows) co_return co_await cut_stream(out.context, pieces.front());
    if (!pieces.front().empty()) co_await client_.write(pieces.front());
    events.clear();
    co_return Result<void>();
}

/// The provider's stream is over, one way or another: the client's ends, is continued elsewhere, or
/// another backend is asked.
net::Task<Result<void>> ExchangeRun::end_translated(Outgoing& out, TranslatedStream& stream) {
    dialect::StreamTranslator& translator = stream.translator;
    std::string& events = stream.events;
    std::optional<Error>& broken = stream.broken;
    if (!broken && !content_sent_ && translator.finish_reasons().empty() &&
        !translator.content_started())
        broken = Error(codes::upstream_empty, "the provider's stream held no content");
    if (broken && !content_sent_) {
        const auto& error = translator.provider_error();
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
    translator.encode_error(*broken, events);
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
