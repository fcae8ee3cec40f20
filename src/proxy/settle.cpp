// Phase 11, settle: metrics and access log, whatever became of the exchange.
#include "identity/principal.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {

void Record::clear() {
    for (std::string* text : {&request_id, &method, &path, &user_agent, &session_id,
                              &client_address, &client_model, &provider_model, &response_model,
                              &response_id, &lost_of_request, &lost_of_answer, &attempt_list})
        text->clear();
    finish_reasons.clear();
    upstream = {};
    usage = discarded = {};
    discard_estimated = false;
    error = nullptr;
    attempts = continuations = hedges = 0;
    bytes_in = 0;
    streamed = false;
    sent = first_token = last_token = {};
}

std::string Record::losses() const {
    const bool both = !lost_of_request.empty() && !lost_of_answer.empty();
    return lost_of_request + (both ? "," : "") + lost_of_answer;
}

void Outgoing::clear() {
    head.clear();
    edited.clear();
    body = inserted = rest = {};
    translated = stream = withhold_usage = false;
    dropped.clear();
    context.model.clear();
    context.request_id.clear();
}

ExchangeRun::~ExchangeRun() {
    struct GiveBack {
        ExchangeRun& run;
        ~GiveBack() { run.gateway_.give_back(std::move(run.scratch_)); }
    } last{*this};
    // Unwound: by a client that went away (or stopped reading), by the end of the worker, or by a
    // bug.
    if (settled_) return;
    record_.error =
        client_.cancel().cancelled() ? &codes::http_client_gone : &codes::internal_error;
    settle();
}

namespace {

/// Tokens that were used, whether or not the client got them.
dialect::Usage sum_of(const dialect::Usage& last, const dialect::Usage& discarded) {
    dialect::Usage sum = last;
    auto add = [](std::optional<int64_t>& to, const std::optional<int64_t>& more) {
        if (more) to = to.value_or(0) + *more;
    };
    add(sum.input, discarded.input);
    add(sum.cached_input, discarded.cached_input);
    add(sum.cache_creation, discarded.cache_creation);
    add(sum.output, discarded.output);
    add(sum.reasoning, discarded.reasoning);
    return sum;
}

}  // namespace

/// What TLS told of the client, and whose connection it was if that was not the client's own.
void ExchangeRun::describe_connection(telemetry::AccessRecord& line) const {
    if (!record_.client_address.empty()) line.direct_address = client_.peer();
    const net::TlsSession* tls = client_.tls();
    if (!tls) return;
    line.tls_server_name = tls->server_name();
    line.tls_version = tls->version();
    line.tls_cipher = tls->cipher();
    const net::PeerCertificate* peer = tls->peer();
    if (!peer) return;
    line.principal = identity::principal_of(peer).subject;
    line.peer_subject = peer->subject;
    line.peer_fingerprint = peer->sha256;
    line.peer_uris = peer->uris;
    line.peer_dns_names = peer->dns_names;
}

void ExchangeRun::settle() {
    settled_ = true;
    if (upload_) record_.bytes_in = upload_->seen();
    settle_limits();
    if (rule_ && rule_->hedging && plan_ && !record_.error &&
        record_.first_token != net::TimePoint{})
        learned().record(record_.first_token - record_.sent);
    record_.usage = sum_of(record_.usage, record_.discarded);
    const telemetry::ExchangeSample sample = measured();
    gateway_.parts_.metrics.record(sample);
    if (gateway_.parts_.access_log.enabled()) write_line(sample);
}

/// What the exchange was, for the metrics.
telemetry::ExchangeSample ExchangeRun::measured() const {
    int status = client_.status();
    if (!client_.sent_head()) status = record_.error ? record_.error->status : 499;
    telemetry::ExchangeSample sample;
    if (attempt_ && operation_) sample.operation = dialect::to_string(*operation_);
    if (attempt_) sample.provider = dialect::provider_name(attempt_->schema);
    sample.original_model = record_.client_model;
    sample.request_model = record_.provider_model;
    sample.response_model = record_.response_model;
    sample.route = rule_ ? std::string_view(rule_->route) : std::string_view();
    sample.status = status;
    sample.error = record_.error;
    sample.duration = std::chrono::steady_clock::now() - client_.begun();
    if (record_.streamed && record_.first_token != net::TimePoint{})
        sample.time_to_first_token = record_.first_token - client_.begun();
    sample.input_tokens = record_.usage.input;
    sample.cached_input_tokens = record_.usage.cached_input;
    sample.cache_creation_tokens = record_.usage.cache_creation;
    sample.output_tokens = record_.usage.output;
    sample.reasoning_tokens = record_.usage.reasoning;
    sample.request_bytes = record_.bytes_in;
    sample.response_bytes = client_.body_bytes_sent();
    sample.request_dropped = !record_.lost_of_request.empty();
    sample.answer_dropped = !record_.lost_of_answer.empty();
    return sample;
}

/// The same for the access log, and what only it says.
void ExchangeRun::write_line(const telemetry::ExchangeSample& sample) {
    telemetry::AccessRecord line;
    line.time = gateway_.parts_.clock.system_now() -
                std::chrono::duration_cast<std::chrono::system_clock::duration>(sample.duration);
    line.request_id = record_.request_id;
    if (entry_) line.listener = entry_->name;
    line.client_address = client_address();
    if (entry_ && entry_->asks) describe_connection(line);
    line.user_agent = record_.user_agent;
    line.session_id = record_.session_id;
    line.method = record_.method;
    line.path = record_.path;
    line.status = sample.status;
    line.duration = sample.duration;
    line.time_to_first_token = sample.time_to_first_token;
    line.request_bytes = sample.request_bytes;
    line.response_bytes = sample.response_bytes;
    line.operation = operation_ ? dialect::to_string(*operation_) : endpoint_.name;
    line.provider = sample.provider;
    line.original_model = record_.client_model;
    line.request_model = record_.provider_model;
    line.response_model = record_.response_model;
    line.response_id = record_.response_id;
    line.finish_reasons = record_.finish_reasons;
    line.input_tokens = record_.usage.input;
    line.output_tokens = record_.usage.output;
    line.cache_read_tokens = record_.usage.cached_input;
    line.cache_creation_tokens = record_.usage.cache_creation;
    line.reasoning_tokens = record_.usage.reasoning;
    if (record_.error) {
        line.error_type = record_.error->name;
        line.fault = to_string(record_.error->fault);
    }
    if (rule_) {
        line.route = rule_->route;
        line.rule = rule_->name;
    }
    if (attempt_) {
        line.backend = attempt_->backend;
        line.upstream_address = record_.upstream;
    }
    line.attempts = static_cast<int>(record_.attempts);
    line.streamed = record_.streamed;
    const std::string losses = record_.losses();
    line.dropped = losses;
    line.attempt_list = record_.attempt_list;
    line.continuations = static_cast<int>(record_.continuations);
    line.hedges = static_cast<int>(record_.hedges);
    line.discarded_input = record_.discarded.input.value_or(0);
    line.discarded_output = record_.discarded.output.value_or(0);
    line.discarded_estimated = record_.discard_estimated;
    if (const auto& limit = limits_.report()) {
        line.limit_rule = limit->rule;
        line.limit_reserved = limit->reserved;
        line.limit_charged = limit->charged;
        line.limit_remaining = limit->remaining;
        line.limit_estimated = limit->estimated;
    }
    gateway_.parts_.access_log.append(line);
}

}  // namespace weir::proxy
