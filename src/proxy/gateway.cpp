#include "proxy/gateway.h"

#include <fmt/format.h>

#include <array>

#include "dialect/errors.h"
#include "proxy/exchange_run.h"

namespace weir::proxy {

Gateway::Gateway(Parts parts)
    : parts_(parts),
      prober_(parts.worker, parts.resolver, parts.pool),
      estimator_(parts.limiting.vocabularies, parts.limiting.calibration),
      random_(std::random_device{}()) {}
Gateway::~Gateway() = default;

Result<net::TlsContext*> Gateway::tls_context(const snapshot::Origin& origin) {
    auto& slot = tls_contexts_[origin.tls_identity];
    if (!slot) {
        const config::TlsSettings& wanted = origin.trust.settings;
        auto version = [](config::TlsVersion v) {
            return v == config::TlsVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
        };
        net::ProviderTls settings;
        settings.ca_pem = origin.ca_pem;
        settings.verify = origin.trust.verify;
        settings.alt_names = origin.trust.alt_names;
        settings.alt_uris = origin.trust.alt_uris;
        settings.rules = {version(wanted.least()), version(wanted.most()), wanted.ciphers,
                          wanted.curves, wanted.signature_algorithms};
        settings.alpn = origin.alpn;
        settings.chain_pem = origin.chain_pem;
        settings.key_pem = origin.key_pem;
        WEIR_TRY(slot, net::TlsContext::create(settings));
    }
    return slot.get();
}

namespace {

/// Which HTTP the provider is spoken to in, and within which bounds.
void http2_of(const snapshot::Origin& origin, http::Origin& made) {
    if (!origin.may_speak_http2()) return;
    made.protocol = origin.tls ? http::Protocol::negotiated : http::Protocol::http2;
    const config::Http2Settings& said = origin.http2;
    http::h2::ClientLimits& limits = made.http2;
    limits.max_streams = said.max_streams.value_or(limits.max_streams);
    limits.stream_window = said.stream_window.value_or(limits.stream_window);
    limits.connection_window = said.connection_window.value_or(limits.connection_window);
    limits.end_connection = said.end_connection.value_or(limits.end_connection);
    http::h2::KeepaliveRules& keepalive = limits.keepalive;
    if (said.ping_interval) keepalive.interval = *said.ping_interval;
    if (said.ping_timeout) keepalive.timeout = *said.ping_timeout;
    if (said.ping_after_idle) keepalive.idle = *said.ping_after_idle;
    keepalive.jitter = said.ping_jitter.value_or(keepalive.jitter);
}

}  // namespace

const snapshot::Port* Pinned::port(uint32_t listener) const {
    if (listener >= ports.size() || ports[listener].port == kNoPort) return nullptr;
    return &snapshot->ports[ports[listener].port];
}

Result<void> Gateway::publish(std::shared_ptr<const snapshot::Snapshot> snapshot,
                              std::vector<ListenerPort> ports) {
    auto pinned = std::make_shared<Pinned>();
    for (const auto& origin : snapshot->origins) {
        http::Origin made{{origin.host, origin.port, nullptr, origin.server_name},
                          origin.key,
                          fmt::format("{}:{}", origin.host, origin.port),
                          origin.max_requests,
                          origin.idle,
                          origin.max_age};
        if (origin.proxy)
            made.target.tunnel = std::make_shared<const net::Tunnel>(
                net::Tunnel{origin.proxy->host, origin.proxy->port, origin.proxy->credentials});
        http2_of(origin, made);
        if (origin.tls) {
            WEIR_TRY(made.target.tls, tls_context(origin));
        }
        pinned->origins.push_back(std::move(made));
    }
    for (const auto& rule : snapshot->rules)
        pinned->clusters.push_back(parts_.health.open(rule.cluster));
    pinned->refuses_usage.resize(snapshot->attempts);
    pinned->snapshot = std::move(snapshot);
    pinned->ports = std::move(ports);
    pinned_ = std::move(pinned);
    if (parts_.worker.id() == 0) watch_health();
    return {};
}

/// Active checks of every endpoint whose rule has a policy for them.
void Gateway::watch_health() {
    std::vector<HealthProber::Target> targets;
    for (const auto& rule : pinned_->snapshot->rules) {
        const auto& policy = rule.cluster.policy().health_check;
        const balance::ClusterState& state = pinned_->clusters[rule.id];
        for (std::size_t b = 0; b < rule.attempts.size(); ++b)
            for (uint32_t i = 0; i < rule.cluster.backends()[b].count; ++i) {
                const auto& endpoint = state.shared[rule.cluster.backends()[b].first + i];
                if (!policy) {
                    endpoint->failing.store(false, std::memory_order_relaxed);
                    continue;
                }
                net::Duration jitter = policy->initial_jitter;
                if (jitter.count() > 0)
                    jitter = net::Duration(
                        static_cast<int64_t>(random() % static_cast<uint64_t>(jitter.count())));
                const auto& attempt = rule.attempts[b];
                targets.push_back({*policy, pinned_->origins[attempt.origins[i]],
                                   attempt.host_header, endpoint, jitter});
            }
    }
    prober_.watch(std::move(targets));
}

std::unique_ptr<Scratch> Gateway::take_scratch() {
    if (spare_.empty()) return std::make_unique<Scratch>();
    auto scratch = std::move(spare_.back());
    spare_.pop_back();
    return scratch;
}

void Gateway::give_back(std::unique_ptr<Scratch> scratch) {
    constexpr std::size_t kKeep = 64;
    constexpr std::size_t kLargest = 16 * 1024;  // a rewritten body beyond that is not kept
    if (spare_.size() >= kKeep) return;
    scratch->record.clear();
    scratch->attempt.upstream = {};
    scratch->attempt.out.clear();
    scratch->limits.clear();
    if (scratch->attempt.out.edited.capacity() > kLargest) scratch->attempt.out.edited = {};
    spare_.push_back(std::move(scratch));
}

net::Task<void> Gateway::handle(http::Exchange& exchange) {
    ExchangeRun run(*this, exchange);
    co_await run.go();
}

void Gateway::render_error(const Error& error, std::string& content_type, std::string& body) {
    content_type = "application/json";
    body = dialect::encode_error(dialect::Dialect::openai, error);
}

void Gateway::on_failure(const Error& error) {
    parts_.metrics.error(error.code());
}

std::string Gateway::make_request_id() {
    static constexpr auto kPairs = [] {
        std::array<char, 512> pairs{};
        for (std::size_t i = 0; i < 256; ++i) {
            pairs[2 * i] = "0123456789abcdef"[i >> 4];
            pairs[2 * i + 1] = "0123456789abcdef"[i & 15];
        }
        return pairs;
    }();
    uint64_t words[2] = {random_(), random_()};
    words[0] = (words[0] & ~uint64_t{0xf000}) | 0x4000;  // version 4
    words[1] = (words[1] >> 2) | (uint64_t{2} << 62);    // variant 10
    std::string id(36, '-');
    std::size_t out = 0;
    for (std::size_t byte = 0; byte < 16; ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10) ++out;
        const char* pair = &kPairs[(words[byte / 8] >> (56 - byte % 8 * 8) & 255) * 2];
        id[out++] = pair[0];
        id[out++] = pair[1];
    }
    return id;
}

}  // namespace weir::proxy
