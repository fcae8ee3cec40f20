// Phases 2 to 5: which operation, which rule.
#include <fmt/format.h>

#include "base/encoding.h"
#include "credential/sigv4_client.h"
#include "identity/principal.h"
#include "net/tls_server.h"
#include "proxy/client_address.h"
#include "proxy/client_headers.h"
#include "proxy/exchange_run.h"
#include "proxy/headers.h"
#include "route/hosts.h"

namespace weir::proxy {
namespace {

std::string quoted_list(const std::vector<route::Matcher::Model>& models) {
    std::string out;
    for (std::size_t i = 0; i < models.size() && i < 20; ++i)
        out.append(i ? ", '" : "'").append(models[i].name).append("'");
    if (models.size() > 20) out += fmt::format(" and {} more", models.size() - 20);
    return out;
}

}  // namespace

ExchangeRun::ExchangeRun(Gateway& gateway, http::Exchange& client)
    : gateway_(gateway),
      client_(client),
      pinned_(gateway.pinned_),
      scratch_(gateway.take_scratch()),
      record_(scratch_->record),
      limits_(scratch_->limits) {
    const http::RequestHead& request = client.request();
    port_ = pinned_->port(client.listener());
    if (port_) entry_ = entry_of_client();
    if (!entry_) port_ = nullptr;
    take_request_id();
    record_.method = request.method;
    record_.path = request.path;
    record_.user_agent = request.headers.value("user-agent");
    record_.session_id = request.headers.value("agent-session-id");
    query_ = request.query;
    guess_dialect();
}

/// Null: the listener it came in by is not configured any more.
const snapshot::Entry* ExchangeRun::entry_of_client() const {
    if (!port_->tls) return &port_->entries.front();
    if (!client_.tls()) return nullptr;
    int index = net::choose_host(port_->hostnames, client_.tls()->server_name());
    return index < 0 ? nullptr : &port_->entries[static_cast<std::size_t>(index)];
}

void ExchangeRun::take_request_id() {
    using Action = config::RequestIdAction;
    Action action = entry_ ? entry_->settings.request_id : Action::preserve_or_generate;
    std::string_view id = client_.request().headers.value("x-request-id");
    if ((action == Action::preserve || action == Action::preserve_or_generate) &&
        acceptable_request_id(id))
        record_.request_id = id;
    else if (action == Action::generate || action == Action::preserve_or_generate)
        record_.request_id = gateway_.make_request_id();
}

/// Until the operation is known, errors speak the dialect that the path or the headers suggest.
void ExchangeRun::guess_dialect() {
    const http::RequestHead& request = client_.request();
    std::string_view path = request.path;
    bool anthropic = path.ends_with("/messages") || path.ends_with("/messages/count_tokens") ||
                     path.starts_with("/anthropic/") || request.headers.find("anthropic-version");
    if (anthropic) dialect_ = dialect::Dialect::anthropic;
    if (!route::model_in_path(path).empty())
        dialect_ = path.substr(path.rfind('/')).find(':') == std::string_view::npos
                       ? dialect::Dialect::bedrock
                       : dialect::Dialect::gemini;
    else if (path.ends_with("/v2/chat") || path.ends_with("/v2/embed") ||
             path.ends_with("/rerank") || path.starts_with("/cohere/"))
        dialect_ = dialect::Dialect::cohere;
    else if (path.ends_with("/v1beta/models"))
        dialect_ = dialect::Dialect::gemini;
}

net::Task<void> ExchangeRun::go() {
    Result<void> outcome = co_await phases();
    if (!outcome) co_await answer_error(outcome.error());
    settle();
}

net::Task<Result<void>> ExchangeRun::phases() {
    if (!port_) {
        client_.close_after();
        co_return fail(codes::route_not_found,
                       "this listener is no longer configured; connect to one that is");
    }
    WEIR_CO_CHECK(admit());
    if (entry_->asks) {
        WEIR_CO_CHECK(meet_client());
        if (redirects_) {
            co_await answer_redirect();
            co_return Result<void>();
        }
        if (!entry_->settings.health_path.empty() &&
            client_.request().path == entry_->settings.health_path) {
            co_await answer_health();
            co_return Result<void>();
        }
    }
    if (entry_->exchanges_per_principal) WEIR_CO_CHECK(admit_principal());
    WEIR_CO_CHECK(co_await read_request());
    WEIR_CO_CHECK(read_path());
    record_.client_model = inspection_.model;
    if (lists_models()) co_return co_await answer_models();
    WEIR_CO_CHECK(find_rule());
    if (!rule_->client_keys.empty() && dialect_ == dialect::Dialect::bedrock)
        WEIR_CO_CHECK(co_await check_signature());
    if (endpoint_.endpoint == route::Endpoint::models) co_return co_await answer_models();
    Result<void> reserved = reserve_limits();
    if (!reserved && limits_.lacks_lease()) reserved = co_await reserve_with_leases(nullptr);
    if (!reserved) co_return reserved;
    co_return co_await attempts();
}

/// The body, whole and inspected; or as much of an upload as routing needs.
net::Task<Result<void>> ExchangeRun::read_request() {
    if (Upload::suits(client_.request())) {
        WEIR_CO_CHECK(co_await upload_.emplace(client_).begin(inspection_));
        body_ = upload_->held();
        if (!client_.body_done()) co_return Result<void>();
        record_.bytes_in = upload_->seen();
        upload_.reset();  // it was held whole on the way to the model
        co_return Result<void>();
    }
    co_return co_await hold_request();
}

net::Task<Result<void>> ExchangeRun::hold_request() {
    upload_.reset();
    if (!client_.body_done()) {
        WEIR_CO_TRY(body_, co_await client_.read_all());
    }
    record_.bytes_in = body_.size();
    inspection_.reading = ++gateway_.readings_;
    co_return inspect(gateway_.peeker_, client_.request(), body_, inspection_);
}

/// Gemini and Bedrock name the model in the path.
Result<void> ExchangeRun::read_path() {
    std::string_view written = route::model_in_path(client_.request().path);
    if (written.empty()) return {};
    auto model = percent_decode(written);
    bool readable = model && !model->empty();
    for (char c : model ? std::string_view(*model) : std::string_view())
        readable = readable && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    if (!readable) return fail(codes::body_model, "the path's model is not text with %XX escapes");
    inspection_.model_buffer = std::move(*model);
    inspection_.model = inspection_.model_buffer;
    return {};
}

/// Whether Weir can carry one more. Told before the body is read.
Result<void> ExchangeRun::admit() {
    if (client_.over_limit()) return overloaded(Overload::connections);
    const snapshot::Snapshot& snapshot = *pinned_->snapshot;
    auto met =
        admission_.enter(gateway_.parts_.in_flight, snapshot.limits.exchanges,
                         *pinned_->ports[client_.listener()].in_flight, port_->max_exchanges);
    if (met) return overloaded(*met);
    return {};
}

/// The same of who is calling: by his certificate's name, else by his address.
Result<void> ExchangeRun::admit_principal() {
    const net::TlsSession* tls = client_.tls();
    const identity::Principal principal = identity::principal_of(tls ? tls->peer() : nullptr);
    const auto& keys = gateway_.parts_.limiting.keys;
    quota::Key key = keys.of(principal.known() ? principal.subject : caller_of(client_address()));
    key.low ^= principal.known() ? entry_->principals : ~entry_->principals;
    auto outcome =
        gateway_.parts_.principals.enter(key, entry_->exchanges_per_principal, principal_place_);
    if (outcome == PrincipalLoad::Outcome::entered) return {};
    return overloaded(Overload::principal);
}

std::unexpected<Error> ExchangeRun::overloaded(Overload by) {
    static constexpr std::array<const char*, kOverloadNames.size()> kReasons = {
        "as many connections as may be are open",
        "as many exchanges as may be are in flight",
        "as many exchanges as may be are in flight on this listener",
        "as many exchanges as one caller may have are in flight",
    };
    ++gateway_.overloads_[static_cast<std::size_t>(by)];
    return fail(codes::overloaded, kReasons[static_cast<std::size_t>(by)]);
}

/// GET /v1/models at the root needs no rule: it lists what the rules name.
bool ExchangeRun::lists_models() const {
    const http::RequestHead& request = client_.request();
    if (request.method != "GET" || !request.path.ends_with("/models")) return false;
    auto operation = route::identify(request.method, request.path, 0);
    return operation.outcome == route::Identified::found &&
           operation.row.endpoint == route::Endpoint::models;
}

/// A client of Bedrock's API has to be one of those whose keys are known.
net::Task<Result<void>> ExchangeRun::check_signature() {
    if (upload_) WEIR_CO_CHECK(co_await hold_request());
    const http::RequestHead& request = client_.request();
    std::vector<credential::SignedHeader> headers;
    for (const auto& field : request.headers)
        headers.push_back({field.name, field.value});
    WEIR_CO_CHECK(credential::verify_client(
        {request.method, request.target, request.authority, headers, body_}, rule_->client_keys,
        gateway_.parts_.clock.system_now()));
    co_return Result<void>();
}

Result<void> ExchangeRun::find_rule() {
    const http::RequestHead& request = client_.request();
    ClientHeaders headers(request.headers);
    route::RequestView view;
    view.host = route::host_name(request.authority, host_buffer_);
    view.path = request.path;
    view.method = request.method;
    if (!inspection_.model.empty()) view.model = inspection_.model;
    view.headers = &headers;
    auto match = port_->matcher.match(view);
    if (!match) return no_rule(view);
    rule_ = &pinned_->snapshot->rules[match->rule];
    return identify(*match);
}

Result<void> ExchangeRun::identify(const route::Match& match) {
    const http::RequestHead& request = client_.request();
    auto operation = route::identify(request.method, request.path, match.prefix_length);
    switch (operation.outcome) {
        case route::Identified::method_not_allowed:
            return fail(codes::route_method, fmt::format("{} is not served here; use {}",
                                                         request.method, operation.allow));
        case route::Identified::unknown_path:
            return fail(codes::route_not_found,
                        fmt::format("no operation is served at {}", request.path));
        case route::Identified::bare_prefix:
            // A POST to the prefix itself is a conversation when it looks like one (design: an
            // agent's prefix); whose, the version header tells.
            if (request.method != "POST" || !inspection_.has_messages)
                return fail(
                    codes::route_not_found,
                    fmt::format("no operation is served at {}; add one, as in {}/chat/completions",
                                request.path, request.path));
            for (const auto& row : route::endpoints()) {
                if (row.endpoint != (request.headers.find("anthropic-version")
                                         ? route::Endpoint::messages
                                         : route::Endpoint::chat))
                    continue;
                endpoint_ = row;  // the first: those of other dialects follow
                break;
            }
            suffix_ = endpoint_.suffix;
            break;
        case route::Identified::found:
            endpoint_ = operation.row;
            suffix_ = operation.suffix;
            break;
    }
    dialect_ = dialect::dialect_from_string(endpoint_.dialect).value_or(dialect::Dialect::openai);
    operation_ = dialect::operation_from_string(endpoint_.name);
    if (endpoint_.names_model()) inspection_.stream = endpoint_.streams;
    json_array_ = endpoint_.streams && dialect_ == dialect::Dialect::gemini &&
                  !names_parameter(query_, "alt", "sse");
    bool needs_model =
        operation_ && operation_ != dialect::Operation::models && endpoint_.method == "POST";
    if (needs_model && inspection_.model.empty())
        return fail(codes::body_model,
                    "the body names no `model`; add one, as in {\"model\": \"gpt-4o-mini\", …}");
    return {};
}

/// Tells an unknown model from an unknown path.
std::unexpected<Error> ExchangeRun::no_rule(const route::RequestView& view) {
    auto operation = route::identify(view.method, view.path, 0);
    if (operation.outcome == route::Identified::method_not_allowed)
        return fail(codes::route_method, fmt::format("{} is not served at {}; use {}", view.method,
                                                     view.path, operation.allow));
    if (operation.outcome != route::Identified::found)
        return fail(codes::route_not_found, fmt::format("no rule serves {}", view.path));
    dialect_ = dialect::dialect_from_string(operation.row.dialect).value_or(dialect_);
    auto models = port_->matcher.list_models(view.host);
    std::string known = models.empty() ? std::string("no rule names a model")
                                       : fmt::format("configured are {}", quoted_list(models));
    if (!view.model)
        return fail(codes::body_model, fmt::format("the body names no `model`; {}", known));
    return fail(codes::route_model_not_found,
                fmt::format("no rule serves the model '{}'; {}", *view.model, known));
}

}  // namespace weir::proxy
