// Phase 10, relay: provider bytes to client bytes, one piece at a time, so that a slow client slows
// the provider; usage is read beside the stream.
#include <fmt/format.h>

#include <charconv>

#include "dialect/errors.h"
#include "dialect/watcher.h"
#include "json/member_scanner.h"
#include "json/tail_member.h"
#include "proxy/body_reader.h"
#include "proxy/exchange_run.h"
#include "proxy/headers.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kMaxErrorBody = 1 << 20;      // of a provider's error answer
constexpr std::size_t kTranslateAtOnce = 8 * 1024;  // bytes of a provider's stream
// Where bodies of these dialects tell tokens, model and id.
constexpr std::array<std::string_view, 3> kFacts{"usage", "model", "id"};
constexpr std::array<std::string_view, 3> kCohereFacts{"meta", "model", "id"};

bool is_event_stream(std::string_view content_type) {
    return istarts_with(trim(content_type), "text/event-stream");
}

/// `text` is a JSON string literal: its content when nothing in it is escaped.
std::string plain_string(std::optional<std::string_view> text) {
    if (!text || text->size() < 2 || text->front() != '"' ||
        text->find('\\') != std::string_view::npos)
        return {};
    return std::string(text->substr(1, text->size() - 2));
}

std::optional<int64_t> count_of(std::string_view digits) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || count < 0)
        return std::nullopt;
    return count;
}

/// Headers of the provider's answer that the client gets too.
bool wanted(std::string_view name, bool keep_body_headers) {
    if (!forwards_to_client(name)) return false;
    if (keep_body_headers) return true;
    return !iequals(name, "content-type") && !iequals(name, "content-encoding") &&
           !iequals(name, "cache-control") && !iequals(name, "content-md5") &&
           !iequals(name, "etag");
}

}  // namespace

void ExchangeRun::begin_answer(const Head& head, bool keep_body_headers) {
    client_.begin(head.status);
    bool extra_hops = names_extra_hops(head.headers);
    for (const auto& field : head.headers) {
        if (iequals(field.name, "x-request-id"))
            client_.header("x-weir-provider-request-id", field.value);
        if (!wanted(field.name, keep_body_headers)) continue;
        if (extra_hops && head.headers.has_token("connection", field.name)) continue;
        client_.header(field.name, field.value);
    }
    own_headers();
}

void ExchangeRun::note_first_token() {
    record_.last_token = std::chrono::steady_clock::now();
    if (record_.first_token == net::TimePoint{}) record_.first_token = record_.last_token;
}

net::TimePoint ExchangeRun::stream_deadline() const {
    return until(timeouts().stream_idle);
}

net::Task<Result<void>> ExchangeRun::relay(const snapshot::Attempt& attempt, Outgoing& out,
                                           http::ClientExchange upstream, const Head& head) {
    WEIR_CO_TRY(auto decoder, ContentDecoder::create(head.headers.value("content-encoding")));
    BodyReader body(upstream, std::move(decoder));
    out.context.request_id = head.headers.value("x-amzn-requestid");
    out.context.counted_input = count_of(head.headers.value("x-amzn-bedrock-input-token-count"));
    bool events = is_event_stream(head.headers.value("content-type"));
    bool inspected = operation_.has_value();
    record_.streamed = events || (out.translated && out.stream);
    Result<void> outcome;
    if (head.status >= 400 && inspected) {
        outcome = co_await relay_error(attempt, out, body, head);
    } else if (out.translated && out.stream) {
        begin_answer(head, false);
        outcome = co_await relay_translated_events(out, body);
    } else if (out.translated) {
        outcome = co_await relay_translated(out, body, head);
    } else {
        begin_answer(head, !body.decodes());
        if (body.decodes()) client_.header("content-type", head.headers.value("content-type"));
        // Not `?:`: GCC 12 evaluates both co_await operands (docs/notes/coroutines.md).
        if (events && inspected)
            outcome = co_await relay_events(out, body);
        else
            outcome = co_await relay_unchanged(head, body);
    }
    if (outcome) upstream.release();
    co_return outcome;
}

/// A body that passes as it is. Its length is the provider's unless an encoding was undone.
net::Task<Result<void>> ExchangeRun::relay_unchanged(const Head& head, BodyReader& body) {
    if (head.framing.kind == http::Framing::Kind::length && !body.decodes())
        client_.start_length(head.framing.length);
    else if (head.framing.kind == http::Framing::Kind::none)
        client_.start_length(0);
    else
        client_.start_chunked();
    bool json = operation_ && istarts_with(head.headers.value("content-type"), "application/json");
    json::MemberScanner scanner(dialect_ == dialect::Dialect::cohere ? kCohereFacts : kFacts);
    bool first = true;
    while (true) {
        auto piece = co_await body.next(stream_deadline());
        if (!piece) {
            record_.error = &piece.error().code();
            if (!client_.sent_head()) co_return std::unexpected(std::move(piece).error());
            client_.abort();  // the length or the missing last chunk tells the client
            co_return Result<void>();
        }
        if (!piece->empty()) note_first_token();
        bool last = piece->empty() || body.done();
        if (json) {
            bool whole = first && last && read_facts(*piece);
            if (!whole) scanner.feed(*piece);
            json = !whole;
        }
        first = false;
        if (last) {
            co_await client_.finish(*piece);
            break;
        }
        co_await client_.write(*piece);
    }
    if (json) take_facts(scanner.captured(0), scanner.captured(1), scanner.captured(2));
    co_return Result<void>();
}

void ExchangeRun::take_facts(std::optional<std::string_view> usage,
                             std::optional<std::string_view> model,
                             std::optional<std::string_view> id) {
    if (usage)
        if (auto value = json::parse(*usage))
            record_.usage = dialect::decode_usage(dialect_, *value);
    record_.response_model = plain_string(model);
    record_.response_id = plain_string(id);
}

/// A large body that came whole: what is wanted of it stands at its two ends. False: look at all of
/// it.
bool ExchangeRun::read_facts(std::string_view whole) {
    constexpr std::size_t kEnd = 1024;
    if (whole.size() < 4 * kEnd) return false;
    auto usage = json::tail_member(whole, "\"usage\"");
    if (!usage) return false;
    json::MemberScanner scanner(kFacts);
    scanner.feed(whole.substr(0, kEnd));
    if (!scanner.captured(1)) return false;
    take_facts(usage, scanner.captured(1), scanner.captured(2));
    return true;
}

/// Same dialect, streamed: whole events go on unchanged, a watcher looks at them.
net::Task<Result<void>> ExchangeRun::relay_events(Outgoing& out, BodyReader& body) {
    dialect::PassthroughWatcher watcher({.dialect = dialect_,
                                         .operation = out.context.operation,
                                         .withhold_usage = out.withhold_usage,
                                         .whole_events = true});
    out.head = {};
    out.edited = {};
    request_released_ = true;
    client_.release_request();
    client_.start_chunked();
    std::optional<Error> broken;
    auto take_facts = [&] {
        record_.usage = watcher.usage();
        record_.response_model = watcher.response_model();
    };
    try {
        while (!watcher.terminated() || !body.done()) {
            auto piece = co_await body.next(stream_deadline());
            if (!piece) {
                broken = std::move(piece).error();
                break;
            }
            if (piece->empty()) break;
            auto pieces = watcher.feed(*piece);
            note_first_token();
            if (watcher.terminated() && body.done()) {
                co_await client_.finish(pieces);
                break;
            }
            co_await client_.write(pieces);
        }
    } catch (const net::Cancelled&) {
        take_facts();
        throw;
    }
    take_facts();
    if (watcher.provider_error()) record_.error = &codes::upstream_error;
    if (client_.finished()) co_return Result<void>();
    if (!broken && !watcher.terminated() && !watcher.provider_error())
        broken = Error(codes::upstream_truncated,
                       "the provider's stream ended without its terminal event");
    if (!broken) {
        co_await client_.finish(watcher.finish());
        co_return Result<void>();
    }
    // What is left of an event that broke off is not sent on: the error event takes its place.
    co_return co_await end_with_error(*broken, watcher.at_event_boundary() ? "" : "\n\n");
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

net::Task<Result<void>> ExchangeRun::relay_translated_events(Outgoing& out, BodyReader& body) {
    dialect::StreamTranslator stream(out.context);
    out.head = {};
    out.edited = {};
    request_released_ = true;
    client_.release_request();
    client_.header("content-type", stream.content_type());
    client_.header("cache-control", "no-cache");
    client_.start_chunked();
    std::string events;
    std::optional<Error> broken;
    auto take_facts = [&] {
        record_.usage = stream.usage();
        record_.response_model = stream.response_model();
        record_.response_id = stream.response_id();
        record_.finish_reasons = stream.finish_reasons();
    };
    try {
        while (!broken) {
            auto piece = co_await body.next(stream_deadline());
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
                if (stream.content_started()) note_first_token();
                if (!events.empty())
                    co_await client_.write(events);
                else if (!client_.sent_head())
                    co_await client_.flush();
                events.clear();
            }
        }
    } catch (const net::Cancelled&) {
        take_facts();
        throw;
    }
    take_facts();
    if (!broken) {
        co_await client_.finish(events);
        co_return Result<void>();
    }
    record_.error = &broken->code();
    stream.encode_error(*broken, events);
    client_.close_after();
    co_await client_.finish(events);
    co_return std::unexpected(std::move(*broken));
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
    begin_answer(head, false);  // the head's views end with the first read of the body
    WEIR_CO_TRY(std::string whole, co_await collect(body, pinned_->snapshot->limits.response_body));
    WEIR_CO_TRY(dialect::ClientResponse answer, dialect::translate_response(out.context, whole));
    record_.usage = answer.usage;
    record_.response_model = std::move(answer.model);
    record_.response_id = std::move(answer.id);
    record_.finish_reasons = std::move(answer.finish_reasons);
    note_first_token();
    client_.header("content-type", answer.content_type);
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
    co_await client_.send(answer.body);
    co_return Result<void>();
}

}  // namespace weir::proxy
