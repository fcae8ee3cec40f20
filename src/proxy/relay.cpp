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

// Where bodies of these dialects tell tokens, model and id.
constexpr std::array<std::string_view, 3> kFacts{"usage", "model", "id"};
constexpr std::array<std::string_view, 3> kGoogleFacts{"usageMetadata", "modelVersion",
                                                       "responseId"};
constexpr std::array<std::string_view, 3> kCohereFacts{"meta", "model", "id"};  // but for chat

const std::array<std::string_view, 3>& facts_of(dialect::Dialect dialect,
                                                std::optional<dialect::Operation> operation) {
    if (dialect == dialect::Dialect::gemini) return kGoogleFacts;
    const bool chat = operation == dialect::Operation::chat;
    return dialect == dialect::Dialect::cohere && !chat ? kCohereFacts : kFacts;
}

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

/// Operations whose answer is one JSON document, or a stream of them.
bool answers_json(const std::optional<dialect::Operation>& operation) {
    using Op = dialect::Operation;
    if (!operation) return false;
    return *operation == Op::chat || *operation == Op::completions ||
           *operation == Op::embeddings || *operation == Op::responses ||
           *operation == Op::messages || *operation == Op::count_tokens ||
           *operation == Op::moderation || *operation == Op::rerank;
}

}  // namespace

void ExchangeRun::begin_answer(const Head& head, bool keep_body_headers, Losses losses) {
    if (client_.sent_head()) return;  // a comment went ahead of it
    answer_begun_ = true;
    client_.begin(head.status);
    bool extra_hops = names_extra_hops(head.headers);
    for (const auto& field : head.headers) {
        if (iequals(field.name, "x-request-id"))
            client_.header("x-weir-provider-request-id", field.value);
        if (!wanted(field.name, keep_body_headers)) continue;
        // Ours tell what the client has left; the provider's are about our account there.
        if (limits_.active() && istarts_with(field.name, "x-ratelimit-")) continue;
        if (extra_hops && head.headers.has_token("connection", field.name)) continue;
        client_.header(field.name, field.value);
    }
    own_headers(losses);
}

void ExchangeRun::note_first_token() {
    record_.last_token = std::chrono::steady_clock::now();
    if (record_.first_token == net::TimePoint{}) record_.first_token = record_.last_token;
}

net::Task<Result<void>> ExchangeRun::relay(AttemptRun& run) {
    const snapshot::Attempt& attempt = *run.attempt;
    Outgoing& out = run.out;
    const Head& head = *run.head;
    http::ClientExchange upstream = std::move(run.upstream);
    WEIR_CO_TRY(auto decoder, ContentDecoder::create(head.headers.value("content-encoding")));
    BodyReader body(upstream, std::move(decoder), std::move(run.early));
    out.context.request_id = head.headers.value("x-amzn-requestid");
    out.context.counted_input = count_of(head.headers.value("x-amzn-bedrock-input-token-count"));
    out.context.latency_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                 std::chrono::steady_clock::now() - record_.sent)
                                 .count();
    bool events = is_event_stream(head.headers.value("content-type"));
    bool inspected = operation_.has_value();
    record_.streamed = events || (out.translated && out.stream);
    if (record_.streamed && head.status == 200) prepare_continuation(out);
    if (client_.sent_head() && (head.status >= 400 || !record_.streamed))
        co_return fail(codes::upstream_error,
                       fmt::format("{} answered {} where a stream was expected", attempt.backend,
                                   head.status));
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
        if (body.decodes() && !client_.sent_head())
            client_.header("content-type", head.headers.value("content-type"));
        // Not `?:`: GCC 12 evaluates both co_await operands (docs/notes/coroutines.md).
        if (events && inspected)
            outcome = co_await relay_events(out, body);
        else
            outcome = co_await relay_unchanged(head, body);
    }
    if (outcome && !cut_) upstream.release();
    co_return outcome;
}

/// A body that passes as it is. Its length is the provider's unless an encoding was undone. An
/// answer that should be JSON is held back until it is whole, if it is small: one that is none can
/// then still be had elsewhere.
net::Task<Result<void>> ExchangeRun::relay_unchanged(const Head& head, BodyReader& body) {
    const bool measured = head.framing.kind == http::Framing::Kind::length && !body.decodes();
    const uint64_t length = head.framing.length;
    const bool none = head.framing.kind == http::Framing::Kind::none;
    std::string_view type = head.headers.value("content-type");
    const bool json = operation_ && istarts_with(type, "application/json");
    const bool judged = head.status == 200 && answers_json(operation_);
    if (judged && !json && !type.empty())
        co_return fail(codes::upstream_protocol,
                       fmt::format("the provider answered 200 with {} instead of JSON", type));
    json::MemberScanner scanner(facts_of(dialect_, operation_));
    std::string held;
    bool known = false;  // the facts were read from the whole
    while (true) {
        auto piece = co_await body.next(stream_deadline());
        if (!piece) {
            record_.error = &piece.error().code();
            if (!client_.sent_head()) co_return std::unexpected(std::move(piece).error());
            client_.abort();  // the length or the missing last chunk tells the client
            co_return std::unexpected(std::move(piece).error());
        }
        const bool last = piece->empty() || body.done();
        if (json || judged) {
            known = !content_sent_ && held.empty() && last && read_facts(*piece);
            if (!known) scanner.feed(*piece);
        }
        const bool whole = known || scanner.complete();
        if (judged && !content_sent_) {
            if (scanner.malformed() || (last && !whole))
                co_return not_an_answer(scanner.malformed(), held.empty() && piece->empty());
            if (!last && held.size() + piece->size() <= kHoldBack) {
                held.append(*piece);
                continue;
            }
        }
        if (!content_sent_) {
            content_sent_ = true;
            plan_->committed();
            if (none)
                client_.start_length(0);
            else if (measured)
                client_.start_length(length);
            else
                client_.start_chunked();
        }
        if (!piece->empty()) note_first_token();
        if (!held.empty()) {
            held.append(*piece);
            piece = held;
        }
        meter_.body(*piece);
        note_seals(*piece);
        if (last && judged && !whole) {  // too large to be held back, and cut
            client_.abort();
            co_return not_an_answer(scanner.malformed(), false);
        }
        if (last) {
            co_await client_.finish(*piece);
            break;
        }
        co_await client_.write(*piece);
        held.clear();
    }
    if ((json || judged) && !known)
        take_facts(scanner.captured(0), scanner.captured(1), scanner.captured(2));
    co_return Result<void>();
}

/// A 200 whose body is none.
std::unexpected<Error> ExchangeRun::not_an_answer(bool malformed, bool empty) {
    const Code& code = empty       ? codes::upstream_empty
                       : malformed ? codes::upstream_protocol
                                   : codes::upstream_truncated;
    record_.error = &code;
    return fail(code, empty       ? "the provider answered 200 with nothing"
                      : malformed ? "the provider answered 200 with something that is no JSON"
                                  : "the provider's JSON broke off");
}

void ExchangeRun::take_facts(std::optional<std::string_view> usage,
                             std::optional<std::string_view> model,
                             std::optional<std::string_view> id) {
    if (usage)
        if (auto value = json::parse(*usage))
            record_.usage = dialect::decode_usage(
                dialect::body_dialect(operation_.value_or(dialect::Operation::chat), dialect_),
                *value);
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

}  // namespace weir::proxy
