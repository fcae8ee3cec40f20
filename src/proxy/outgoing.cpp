// Phase 9, attempt: what is sent to a backend: the client's bytes or their translation, edits,
// credential. Made anew for each attempt.
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
        http::append_field(head_, name, value);
    }

private:
    std::string& head_;
};

/// What a credential that tenants bring themselves sees of their request.
class TenantHeaders final : public credential::ClientHeaders {
public:
    explicit TenantHeaders(const http::Headers& headers) : headers_(headers) {}
    std::string_view value(std::string_view name) const override { return headers_.value(name); }

private:
    const http::Headers& headers_;
};

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

}  // namespace

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
    dialect::Target target{attempt.schema, attempt.version, attempt.prefix, attempt.model_override,
                           attempt.api};
    std::string path;
    if (operation_) {
        WEIR_TRY(path, dialect::provider_path(target, *operation_, model, out.stream));
    } else {
        path =
            (attempt.prefix == "/" ? "" : "/" + std::string(trim(attempt.prefix, "/"))) + suffix_;
    }
    if (std::string query = forwarded_query(query_, dialect_); !query.empty())
        path += (path.find('?') == std::string::npos ? "?" : "&") + query;
    out.context.operation = operation_.value_or(dialect::Operation::chat);
    out.context.dialect = dialect_;
    out.context.schema = attempt.schema;
    out.context.model = model;
    out.context.json_array = json_array_;
    out.translated = out.stream && operation_ && dialect::stream_is_reframed(*operation_, dialect_);
    out.body = body_;
    if (inspection_.form && !attempt.model_override.empty()) edit_form(attempt, out);
    if (!inspection_.json) return path;

    std::vector<json::Edit> edits;
    if (!attempt.model_override.empty() && attempt.schema != dialect::Schema::AzureOpenAI &&
        !endpoint_.names_model()) {
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
    if (!refresh_peek()) return fail(codes::internal_error, "a body that was read reads no more");
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
    return !operation_ ||
           dialect::passes_through(*operation_, dialect_, attempt.schema, attempt.api);
}

Result<std::string> ExchangeRun::translate(const snapshot::Attempt& attempt, Outgoing& out,
                                           std::vector<dialect::OwnedHeader>& headers) {
    std::vector<dialect::HeaderView> said;
    for (const auto& field : client_.request().headers)
        if (istarts_with(field.name, "anthropic-") ||
            istarts_with(field.name, "x-amzn-bedrock-guardrail"))
            said.push_back({field.name, field.value});
    dialect::ClientRequest request{*operation_,       dialect_,           body_,
                                   inspection_.model, inspection_.stream, said};
    dialect::Target target{attempt.schema, attempt.version, attempt.prefix, attempt.model_override,
                           attempt.api};
    WEIR_TRY(dialect::ProviderRequest made, dialect::translate_request(request, target));
    out.translated = !dialect::answer_passes_through(*operation_, dialect_, attempt.schema,
                                                     made.stream, attempt.api);
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
                   made.base64,
                   made.form,
                   json_array_};
    out.context.api = attempt.api;
    for (const auto& pointer : made.dropped)
        out.dropped.append(out.dropped.empty() ? "" : ",").append(pointer);
    if (rule_->strict && !made.dropped.empty()) {
        const std::string lost = std::exchange(out.dropped, {});
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
        if (attempt.credential->takes(field.name)) continue;
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
    if (!record_.request_id.empty()) sink.add("x-request-id", record_.request_id);
    if (entry_->settings.forwarded_cert != config::ForwardedCert::sanitize)
        if (std::string element = forwarded_certificate(); !element.empty())
            sink.add("x-forwarded-client-cert", element);
    bool has_body = out.body_size() > 0 || request.method == "POST" || request.method == "PUT" ||
                    request.method == "PATCH";
    if (upload_)
        upload_->append_framing(head, out.body_size());
    else if (has_body)
        sink.add("content-length", fmt::format_int(out.body_size()).c_str());
    const TenantHeaders tenant(request.headers);
    credential::RequestToSign to_sign{
        request.method, attempt.host_header, path, out.body, gateway_.parts_.clock.system_now(),
        &tenant};
    WEIR_CHECK(attempt.credential->apply(to_sign, sink));
    head.append("\r\n");
    return {};
}

}  // namespace weir::proxy
