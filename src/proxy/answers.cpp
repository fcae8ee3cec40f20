// What Weir answers itself: errors in the client's dialect, the list of models, estimates.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "dialect/errors.h"
#include "json/value.h"
#include "proxy/exchange_run.h"
#include "route/hosts.h"

namespace weir::proxy {
namespace {

json::Value openai_model(const route::Matcher::Model& model, const snapshot::Rule& rule) {
    json::Value out;
    out.set("id", json::Value::string(std::string(model.name)));
    out.set("object", json::Value::string("model"));
    out.set("created", json::Value::integer(rule.models_created_at));
    out.set("owned_by", json::Value::string(rule.models_owned_by));
    return out;
}

json::Value anthropic_model(const route::Matcher::Model& model, const snapshot::Rule& rule) {
    json::Value out;
    out.set("id", json::Value::string(std::string(model.name)));
    out.set("type", json::Value::string("model"));
    out.set("display_name", json::Value::string(std::string(model.name)));
    out.set("created_at", json::Value::string(fmt::format(
                              "{:%Y-%m-%dT%H:%M:%SZ}",
                              fmt::gmtime(static_cast<std::time_t>(rule.models_created_at)))));
    return out;
}

json::Value google_model(const route::Matcher::Model& model) {
    json::Value out;
    out.set("name", json::Value::string("models/" + std::string(model.name)));
    out.set("displayName", json::Value::string(std::string(model.name)));
    json::Value methods = json::Value::array();
    for (std::string_view method : {"generateContent", "streamGenerateContent", "countTokens",
                                    "embedContent", "batchEmbedContents"})
        methods.push_back(json::Value::string(std::string(method)));
    out.set("supportedGenerationMethods", std::move(methods));
    return out;
}

}  // namespace

void ExchangeRun::tell_losses() {
    if (const std::string lost = record_.losses(); !lost.empty())
        client_.header("x-weir-dropped", lost);
}

/// The headers that every response of ours carries.
void ExchangeRun::own_headers(Losses losses) {
    if (!record_.request_id.empty()) client_.header("x-request-id", record_.request_id);
    if (losses == Losses::known) tell_losses();
    if (record_.attempts > 1)
        client_.header("x-weir-attempts", fmt::format_int(record_.attempts).c_str());
    if (!set_cookie_.empty()) client_.header("set-cookie", set_cookie_);
    if ((limits_.active() || limits_.refused()) && entry_->settings.rate_limit_headers)
        limits_.write_headers(client_, limit_time());
    if (entry_) edit_answer();
}

net::Task<void> ExchangeRun::answer_error(const Error& error) {
    record_.error = &error.code();
    if (client_.finished()) co_return;            // it was told inside its stream
    if (client_.sent_head() && !content_sent_) {  // a stream that was only kept alive
        (void)co_await end_with_error(error, "");
        co_return;
    }
    if (client_.sent_head()) {  // too late for a status: the client must see the answer cut
        client_.abort();
        co_return;
    }
    client_.begin(error.status());
    client_.header("content-type", "application/json");
    own_headers();
    if (error.status() == 405) {
        auto operation = route::identify(client_.request().method, client_.request().path, 0);
        if (!operation.allow.empty()) client_.header("allow", operation.allow);
    }
    std::optional<std::chrono::seconds> wait;
    if (plan_) wait = plan_->client_retry_after(std::chrono::steady_clock::now());
    if (error.code().name == codes::overloaded.name ||
        error.code().name == codes::upstream_overflow.name ||
        error.code().name == codes::quota_unavailable.name)
        wait = std::chrono::seconds(1);
    if (wait) client_.header("retry-after", fmt::format_int(wait->count()).c_str());
    std::vector<dialect::OwnedHeader> said;
    dialect::add_error_headers(dialect_, dialect::error_words(dialect_, error.code()).type,
                               error.status(), said);
    for (const auto& header : said)
        client_.header(header.name, header.value);
    co_await client_.send(dialect::encode_error(dialect_, error));
}

net::Task<Result<void>> ExchangeRun::answer_models() {
    const http::RequestHead& request = client_.request();
    auto models = port_->matcher.list_models(route::host_name(request.authority, host_buffer_));
    if (endpoint_.name.empty()) endpoint_ = route::identify(request.method, request.path, 0).row;
    // Google's SDKs ask at /v1/models too.
    bool google = endpoint_.dialect == "gemini" || request.headers.find("x-goog-api-key") ||
                  request.headers.find("x-goog-api-client");
    bool anthropic = endpoint_.dialect == "anthropic" || request.headers.find("anthropic-version");
    json::Value data = json::Value::array();
    for (const auto& model : models) {
        const auto& rule = pinned_->snapshot->rules[model.rule];
        data.push_back(google      ? google_model(model)
                       : anthropic ? anthropic_model(model, rule)
                                   : openai_model(model, rule));
    }
    json::Value body;
    if (google) {
        dialect_ = dialect::Dialect::gemini;
        body.set("models", std::move(data));
    } else if (anthropic) {
        dialect_ = dialect::Dialect::anthropic;
        auto id_of = [&](std::size_t i) {
            return models.empty() ? json::Value()
                                  : json::Value::string(std::string(models[i].name));
        };
        body.set("data", std::move(data));
        body.set("first_id", id_of(0));
        body.set("last_id", id_of(models.size() - 1));
        body.set("has_more", json::Value::boolean(false));
    } else {
        body.set("object", json::Value::string("list"));
        body.set("data", std::move(data));
    }
    operation_ = dialect::Operation::models;
    client_.begin(200);
    client_.header("content-type", "application/json");
    own_headers();
    co_await client_.send(json::serialize(body));
    co_return Result<void>();
}

/// Asked how many tokens a request would be, where nobody counts them.
bool ExchangeRun::must_estimate(const snapshot::Attempt& attempt) const {
    return operation_ && dialect::counts_input(*operation_) &&
           !dialect::provider_counts(*operation_, dialect_, attempt.schema, attempt.api);
}

net::Task<Result<void>> ExchangeRun::answer_estimate(const snapshot::Attempt& attempt) {
    const std::string& model =
        attempt.model_override.empty() ? record_.client_model : attempt.model_override;
    const bool known = estimated_;
    const tokens::Estimate counted = estimate(model);
    if (!known) limits_.set_estimate(counted);
    WEIR_CO_TRY(
        std::string body,
        dialect::encode_count({*operation_, dialect_, body_, inspection_.model}, counted.input));
    record_.provider_model = model;
    client_.begin(200);
    client_.header("content-type", "application/json");
    client_.header("x-weir-estimated", "true");
    own_headers();
    co_await client_.send(body);
    co_return Result<void>();
}

}  // namespace weir::proxy
