// Phase 9, attempt: choose a backend, make its request, add the credential, send, await the first
// byte.
#include <fmt/format.h>

#include "json/edit.h"
#include "proxy/exchange_run.h"
#include "proxy/headers.h"

namespace weir::proxy {
namespace {

/// Appends header lines to a request head.
class HeadSink final : public credential::HeaderSink {
public:
    explicit HeadSink(std::string& head) : head_(head) {}
    void add(std::string_view name, std::string_view value) override {
        head_.append(name).append(": ").append(value).append("\r\n");
    }

private:
    std::string& head_;
};

iovec piece_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

bool named(const std::vector<std::string>& names, std::string_view name) {
    for (const auto& candidate : names)
        if (iequals(candidate, name)) return true;
    return false;
}

bool sets(const std::vector<config::HeaderField>& fields, std::string_view name) {
    for (const auto& field : fields)
        if (iequals(field.name, name)) return true;
    return false;
}

bool names_own(const std::vector<dialect::OwnedHeader>& headers, std::string_view name) {
    for (const auto& header : headers)
        if (iequals(header.name, name)) return true;
    return false;
}

bool counts_usage(dialect::Operation operation) {
    return operation == dialect::Operation::chat || operation == dialect::Operation::completions;
}

bool openai_schema(dialect::Schema schema) {
    return schema == dialect::Schema::OpenAI || schema == dialect::Schema::AzureOpenAI;
}

/// Statuses with which a provider says that another may answer.
bool another_may_answer(int status) {
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504 ||
           status == 529;
}

}  // namespace

net::TimePoint ExchangeRun::until(config::Duration allowance) const {
    net::TimePoint whole =
        timeouts().request.count() ? client_.begun() + timeouts().request : net::kNever;
    if (allowance.count() == 0) return whole;
    return std::min(whole, std::chrono::steady_clock::now() + allowance);
}

net::Task<Result<void>> ExchangeRun::attempts() {
    balance::Tried tried;
    std::optional<Error> last;
    auto index = rule_->chooser.next(tried, gateway_.random());
    while (index) {
        tried.set(*index);
        attempt_ = &rule_->attempts[*index];
        index = rule_->chooser.next(tried, gateway_.random());
        ++record_.attempts;
        Result<void> outcome = co_await attempt_once(*attempt_, index.has_value());
        gateway_.parts_.metrics.attempt(
            attempt_->backend, outcome ? std::string_view("ok") : outcome.error().code().name);
        if (outcome) co_return Result<void>();
        last = std::move(outcome).error();
        // Another backend is asked only while the client has seen nothing of this one's answer.
        if (!last->retryable() || client_.sent_head() || request_released_) break;
    }
    if (!last)
        co_return fail(codes::route_no_backend,
                       fmt::format("rule {} of route {} has no backend that takes traffic",
                                   rule_->name, rule_->route));
    co_return std::unexpected(std::move(*last));
}

/// `more`: another backend is left, so that this one's "try again" need not reach the client.
net::Task<Result<void>> ExchangeRun::attempt_once(const snapshot::Attempt& attempt, bool more) {
    do {
        ask_again_ = false;
        Outgoing& out = scratch_->outgoing;
        out.clear();
        bool whole = attempt.credential->needs_body() || !passes_through(attempt);
        if (upload_ && whole) WEIR_CO_CHECK(co_await hold_request());
        WEIR_CO_CHECK(prepare(attempt, out));
        const Head* head = nullptr;
        WEIR_CO_TRY(http::ClientExchange upstream, co_await send(attempt, out, head));
        if (more && !request_released_ && another_may_answer(head->status))
            co_return fail(codes::upstream_error,
                           fmt::format("{} answered {}", attempt.backend, head->status));
        WEIR_CO_CHECK(co_await relay(attempt, out, std::move(upstream), *head));
    } while (ask_again_);
    co_return Result<void>();
}

/// A pooled connection may have died unseen: then the request is sent once more on a new one.
net::Task<Result<http::ClientExchange>> ExchangeRun::send(const snapshot::Attempt& attempt,
                                                          const Outgoing& out, const Head*& head) {
    uint32_t turn = pinned_->next_origin[attempt.id]++;
    const http::Origin& origin = pinned_->origins[attempt.origins[turn % attempt.origins.size()]];
    record_.upstream = origin.address;
    for (bool fresh = upload_.has_value();; fresh = true) {
        auto upstream = co_await gateway_.parts_.pool.acquire(origin, until(timeouts().connect),
                                                              &client_.cancel(), fresh);
        if (!upstream) co_return std::unexpected(std::move(upstream).error());
        net::Duration stall = timeouts().stream_idle.count()
                                  ? net::Duration(timeouts().stream_idle)
                                  : net::Duration(std::chrono::hours(24));
        Result<void> sent;
        if (upload_) {
            request_released_ = true;
            std::array held{out.body, out.inserted, out.rest};
            sent = co_await upload_->send(*upstream, out.head, held, stall, until({}));
        } else {
            std::array pieces{piece_of(out.head), piece_of(out.body), piece_of(out.inserted),
                              piece_of(out.rest)};
            std::size_t count = out.inserted.empty() ? 2 : 4;
            sent = co_await upstream->send(std::span(pieces).first(count), stall);
        }
        if (!sent) co_return std::unexpected(std::move(sent).error());
        record_.sent = std::chrono::steady_clock::now();
        auto answer =
            co_await upstream->read_head(client_.request().method, until(timeouts().first_byte));
        if (answer) {
            head = *answer;
            co_return std::move(*upstream);
        }
        bool died_in_pool = upstream->reused() && upstream->untouched() &&
                            answer.error().code().name == codes::upstream_reset.name;
        if (fresh || !died_in_pool) co_return std::unexpected(std::move(answer).error());
    }
}

Result<void> ExchangeRun::prepare(const snapshot::Attempt& attempt, Outgoing& out) {
    out.stream = inspection_.stream;
    std::string path;
    std::vector<dialect::OwnedHeader> headers;
    if (passes_through(attempt)) {
        WEIR_TRY(path, pass_through(attempt, out));
        // Anthropic refuses a request without it; a client that knows better has said so.
        if (attempt.schema == dialect::Schema::Anthropic &&
            !client_.request().headers.find("anthropic-version"))
            headers.push_back({"anthropic-version", attempt.version});
    } else {
        WEIR_TRY(path, translate(attempt, out, headers));
    }
    return write_head(attempt, out, path, headers);
}

/// Same dialect: the client's bytes, but for `model` and what the configuration edits in place.
Result<std::string> ExchangeRun::pass_through(const snapshot::Attempt& attempt, Outgoing& out) {
    const std::string& model =
        attempt.model_override.empty() ? record_.client_model : attempt.model_override;
    record_.provider_model = model;
    dialect::Target target{attempt.schema, attempt.version, attempt.prefix, attempt.model_override};
    std::string path;
    if (operation_) {
        WEIR_TRY(path, dialect::provider_path(target, *operation_, model, out.stream));
    } else {
        path =
            (attempt.prefix == "/" ? "" : "/" + std::string(trim(attempt.prefix, "/"))) + suffix_;
    }
    if (!query_.empty()) path += (path.find('?') == std::string::npos ? "?" : "&") + query_;
    out.context.operation = operation_.value_or(dialect::Operation::chat);
    out.context.dialect = dialect_;
    out.context.schema = attempt.schema;
    out.context.model = model;
    out.body = body_;
    if (inspection_.form && !attempt.model_override.empty()) edit_form(attempt, out);
    if (!inspection_.json) return path;

    std::vector<json::Edit> edits;
    if (!attempt.model_override.empty() && attempt.schema != dialect::Schema::AzureOpenAI) {
        std::string text;
        json::append_string(text, attempt.model_override);
        edits.push_back(json::Edit::set({"model"}, std::move(text)));
    }
    out.withhold_usage = out.stream && !inspection_.include_usage && attempt.ask_usage &&
                         operation_ && counts_usage(*operation_) && openai_schema(attempt.schema) &&
                         !pinned_->refuses_usage[attempt.id];
    if (out.withhold_usage)
        edits.push_back(json::Edit::set({"stream_options", "include_usage"}, "true"));
    edits.insert(edits.end(), attempt.body_edits.begin(), attempt.body_edits.end());
    if (edits.empty()) return path;
    gateway_.editor_.plan(body_, inspection_.peek, edits);
    if (gateway_.editor_.changed()) {
        gateway_.editor_.append_to(out.edited);
        out.body = out.edited;
    }
    return path;
}

/// Another model in a form: the value is exchanged where it stands, every other byte stays.
void ExchangeRun::edit_form(const snapshot::Attempt& attempt, Outgoing& out) const {
    std::size_t begin = static_cast<std::size_t>(inspection_.model_begin);
    out.body = body_.substr(0, begin);
    out.inserted = attempt.model_override;
    out.rest = body_.substr(begin + inspection_.model.size());
    if (!attempt.credential->needs_body()) return;
    out.edited.append(out.body).append(out.inserted).append(out.rest);
    out.body = out.edited;
    out.inserted = out.rest = {};
}

bool ExchangeRun::passes_through(const snapshot::Attempt& attempt) const {
    return !operation_ || dialect::passes_through(*operation_, dialect_, attempt.schema);
}

Result<std::string> ExchangeRun::translate(const snapshot::Attempt& attempt, Outgoing& out,
                                           std::vector<dialect::OwnedHeader>& headers) {
    std::vector<dialect::HeaderView> said;
    for (const auto& field : client_.request().headers)
        if (istarts_with(field.name, "anthropic-")) said.push_back({field.name, field.value});
    dialect::ClientRequest request{*operation_,       dialect_,           body_,
                                   inspection_.model, inspection_.stream, said};
    dialect::Target target{attempt.schema, attempt.version, attempt.prefix, attempt.model_override};
    WEIR_TRY(dialect::ProviderRequest made, dialect::translate_request(request, target));
    out.translated =
        !dialect::answer_passes_through(*operation_, dialect_, attempt.schema, made.stream);
    out.stream = made.stream;
    out.context = {*operation_,
                   dialect_,
                   attempt.schema,
                   made.model,
                   std::chrono::duration_cast<std::chrono::seconds>(
                       gateway_.parts_.clock.system_now().time_since_epoch())
                       .count(),
                   {},
                   gateway_.random(),
                   made.base64};
    record_.provider_model = made.model;
    record_.dropped_list.clear();
    for (const auto& pointer : made.dropped)
        record_.dropped_list.append(record_.dropped_list.empty() ? "" : ",").append(pointer);
    if (rule_->strict && !made.dropped.empty()) {
        const std::string lost = std::exchange(record_.dropped_list, {});
        return fail(codes::dialect_unsupported,
                    fmt::format("the provider cannot express {}; leave it out, or ask for a model "
                                "whose provider can",
                                lost));
    }
    headers = std::move(made.headers);
    out.edited = std::move(made.body);
    if (!attempt.body_edits.empty()) {
        WEIR_TRY(out.edited, json::edited(out.edited, attempt.body_edits));
    }
    out.body = out.edited;
    return std::move(made.path);
}

Result<void> ExchangeRun::write_head(const snapshot::Attempt& attempt, Outgoing& out,
                                     const std::string& path,
                                     const std::vector<dialect::OwnedHeader>& headers) {
    const http::RequestHead& request = client_.request();
    dialect::Dialect target = dialect::dialect_of(attempt.schema);
    std::string& head = out.head;
    head.reserve(1024);
    head.append(request.method)
        .append(" ")
        .append(path)
        .append(" HTTP/1.1\r\nhost: ")
        .append(attempt.host_header)
        .append("\r\n");
    HeadSink sink(head);
    bool extra_hops = names_extra_hops(request.headers);
    bool mutates = !attempt.remove_headers.empty() || !attempt.set_headers.empty();
    for (const auto& field : request.headers) {
        if (!forwards_to_provider(field.name, target)) continue;
        if (extra_hops && request.headers.has_token("connection", field.name)) continue;
        if (mutates &&
            (named(attempt.remove_headers, field.name) || sets(attempt.set_headers, field.name)))
            continue;
        if (!headers.empty() && names_own(headers, field.name)) continue;
        sink.add(field.name, field.value);
    }
    for (const auto& header : headers)
        if (!sets(attempt.set_headers, header.name) && !named(attempt.remove_headers, header.name))
            sink.add(header.name, header.value);
    for (const auto& field : attempt.set_headers)
        sink.add(field.name, field.value);
    sink.add("x-request-id", record_.request_id);
    bool has_body = out.body_size() > 0 || request.method == "POST" || request.method == "PUT" ||
                    request.method == "PATCH";
    if (upload_)
        upload_->append_framing(head, out.body_size());
    else if (has_body)
        sink.add("content-length", fmt::format_int(out.body_size()).c_str());
    credential::RequestToSign to_sign{request.method, attempt.host_header, path, out.body,
                                      gateway_.parts_.clock.system_now()};
    WEIR_CHECK(attempt.credential->apply(to_sign, sink));
    head.append("\r\n");
    return {};
}

}  // namespace weir::proxy
