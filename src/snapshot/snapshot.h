/// The compiled form of a whole configuration: what a request needs, and nothing it must look up.
///
/// Compiled once from config::Configuration, immutable afterwards, shared by all workers; an
/// exchange pins the one it began with until its last byte. Whatever counts (health, pools, limits)
/// lives elsewhere, keyed by the names given here. Threads: immutable after compile().
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "balance/cluster.h"
#include "config/configuration.h"
#include "config/load.h"
#include "credential/aws_credentials.h"
#include "credential/aws_issuers.h"
#include "credential/token_desk.h"
#include "dialect/names.h"
#include "json/edit.h"
#include "route/matcher.h"
#include "snapshot/limits.h"

namespace weir::snapshot {

/// Where a connection goes: the pool key and what dialling needs.
struct Origin {
    std::string key;  ///< "https://api.openai.com:443#api.openai.com"; equal keys share connections
    std::string host;
    uint16_t port = 0;
    bool tls = false;
    std::string server_name;
    std::string ca_pem;           ///< empty: the system's trust store
    uint32_t max_requests = 0;    ///< exchanges that one connection carries; 0: any number
    config::Duration idle{0};     ///< an unused connection is kept so long; 0: the default
    config::Duration max_age{0};  ///< none is reused after that; 0: no limit
    config::Tls trust{};          ///< beside ca_pem and the name: what else TLS is to be
    std::string chain_pem;        ///< Weir's own certificate towards it; empty: none
    Secret key_pem;
    std::optional<config::ForwardProxy> proxy;  ///< through which it is reached
    /// Equal only where trust and certificate are: those connections are made alike.
    std::string tls_identity;
    bool h2c = false;               ///< HTTP/2 without TLS
    std::vector<std::string> alpn;  ///< offered in the handshake
    config::Http2Settings http2;

    bool may_speak_http2() const { return h2c || std::ranges::find(alpn, "h2") != alpn.end(); }
};

/// A backend as one rule refers to it: everything an attempt needs.
struct Attempt {
    std::string backend;    ///< "default/openai"
    std::string reference;  ///< "default/openai/route/R/rule/0/ref/1", upstream's name for it
    dialect::Schema schema = dialect::Schema::OpenAI;
    std::string version;
    std::string prefix;
    std::string model_override;
    dialect::ConversationApi api = dialect::ConversationApi::both;
    std::string host_header;
    std::vector<uint32_t> origins;  ///< indexes into Snapshot::origins, tried in turn
    std::shared_ptr<const credential::Credential> credential;
    std::vector<config::HeaderField> set_headers;
    std::vector<std::string> remove_headers;  ///< lower case
    std::vector<json::Edit> body_edits;
    bool ask_usage = true;
    std::vector<QuotaPlan> quotas;  ///< what may be used of this backend, by model
    uint32_t id = 0;                ///< dense, unique in the snapshot
};

/// Limits of streams that no other kind can say (ResiliencePolicy); zero: none.
struct StreamRules {
    config::Duration first_token{0};  ///< request sent to the first content
    config::Duration event_idle{0};   ///< silence after it
    config::Duration keep_alive{0};   ///< a comment goes to the client after so much silence
    bool proceed = false;             ///< a stream that breaks is continued by another backend,
    uint32_t continuations = 1;       ///< so often,
    uint64_t held_text = 64 * 1024;   ///< and while its text has at most so many bytes
};

struct Rule {
    std::string route;  ///< "default/multi-agent-route"
    std::string name;   ///< the rule's name, or "rule-N"
    std::vector<Attempt> attempts;
    balance::Cluster cluster;  ///< its backends are `attempts`, its endpoints their origins
    config::LoadBalancerSettings::Hash hash;  ///< for consistent hashing
    StreamRules streams;
    std::optional<config::HedgeSettings> hedging;
    uint32_t id = 0;  ///< index in Snapshot::rules
    config::Timeouts timeouts;
    bool strict = false;  ///< what the provider cannot say is refused
    std::vector<credential::AwsCredentials> client_keys;  ///< clients of Bedrock's API sign with
                                                          ///< one of them; empty: they need not
    LimitPlan limits;
    std::string models_owned_by;
    int64_t models_created_at = 0;  ///< Unix seconds
};

/// A certificate that a listener shows.
struct Certificate {
    std::string chain_pem;
    Secret key_pem;
    std::vector<std::string> names;  ///< lower case; may begin "*."
};

/// One listener, as its clients meet it.
struct Entry {
    std::string name;                       ///< "https"
    std::string listener;                   ///< "default/edge/https"
    std::string hostname;                   ///< lower case; empty: any; may begin "*."
    std::vector<Certificate> certificates;  ///< of a TLS port
    config::ClientSettings settings;
    config::Http2Allowances http2;
    config::Timeouts timeouts;
    uint64_t request_body = 0;
    uint64_t request_head = 0;
    uint64_t exchanges_per_principal = 0;  ///< in flight; 0: any number
    uint64_t principals = 0;  ///< whose callers these are: a hash of the Gateway's name
    bool asks = false;        ///< something of `settings` is to be done for each request
};

/// All listeners of one port: one socket address, one matcher.
struct Port {
    std::vector<std::string> listeners;  ///< names, for --listen and the ready file
    uint16_t port = 0;
    bool implicit = false;       ///< no Gateway was loaded: listens on loopback only
    uint64_t max_exchanges = 0;  ///< in flight here; 0: any number
    bool tls = false;
    std::vector<Entry> entries;          ///< at least one; of a plain port all have one policy
    std::vector<std::string> hostnames;  ///< of the entries
    route::Matcher matcher;
};

struct Snapshot {
    std::vector<Port> ports;
    std::vector<Rule> rules;
    std::vector<Origin> origins;
    uint32_t attempts = 0;  ///< how many Attempt ids there are
    config::Timeouts timeouts;
    config::Limits limits;
};

struct CompileOptions {
    config::EnvLookup env;
    std::optional<Origin> mock;  ///< every attempt connects here instead
    int64_t now = 0;             ///< Unix seconds, for models without a creation date
    /// Where limits count; without one they can be looked at only.
    quota::Registry* limits = nullptr;
    credential::ReadFile read_file = {};      ///< for credentials that live in files
    credential::TokenDesk* tokens = nullptr;  ///< null: tokens are described, never fetched
};

/// Fails with config.invalid or a credential's error, the detail naming the object.
Result<std::shared_ptr<const Snapshot>> compile(const config::Configuration& configuration,
                                                const CompileOptions& options);

}  // namespace weir::snapshot
