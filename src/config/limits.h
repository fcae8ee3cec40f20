/// Limits as configuration says them: rules of BackendTrafficPolicies and QuotaPolicies, decoded.
///
/// A LimitRule is one line of a policy: whom it selects, how much a unit of time allows, what a
/// request costs and how it is enforced. Where it applies is a LimitUse: Configuration::limits_for
/// gives those of a route's rule, Configuration::quota_for those of a backend. Counters are named
/// by LimitUse::counter, the same text as long as policy, rule and place of use keep their names,
/// so that a reload finds its counters again. Ownership: plain values; a LimitUse points into its
/// Configuration. Threads: immutable after load(). Semantics of omitted fields:
/// docs/configuration-limits.md.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/resources.h"

namespace weir::config {

/// How a value is told apart. Each value under `distinct` has a counter of its own; a request
/// without the value is not selected.
enum class ValueTest { exact, regex, distinct };

/// A header or a query parameter. `x-ai-eg-model` is the body's `model`.
struct ValueSelector {
    ValueTest test = ValueTest::exact;
    std::string name;     ///< a header's is lower case
    std::string value;    ///< for regex: RE2, known to compile, matched whole; for distinct: empty
    bool invert = false;  ///< holds where the value differs or is absent
    Place place;
};

struct MethodSelector {
    std::string method;
    bool invert = false;
};

struct PathSelector {
    PathMatch match;
    bool invert = false;
};

/// The client's address, in a range.
struct AddressSelector {
    std::string text;                   ///< "10.0.0.0/8", with the bits outside the prefix cleared
    std::array<uint8_t, 16> network{};  ///< an IPv4 network uses the first four bytes
    uint8_t prefix = 0;                 ///< bits
    bool v6 = false;
    bool distinct = false;  ///< a counter for each address instead of one for the range
    bool invert = false;
};

/// One clientSelector. All that it names must hold (of the methods: one); a rule's selectors must
/// all hold.
struct Selector {
    std::vector<ValueSelector> headers;
    std::vector<ValueSelector> query;
    std::vector<MethodSelector> methods;
    std::optional<PathSelector> path;
    std::optional<AddressSelector> source;
    Place place;
};

/// `second` to `day` are aligned to Unix time; `month` and `year` are 30 and 365 days, as in
/// Envoy's rate limit service.
enum class LimitUnit { second, minute, hour, day, month, year };
std::string_view to_string(LimitUnit unit);  ///< "Hour"

/// What is added to the counters when a request is done.
struct ResponseCost {
    enum class From {
        nothing,  ///< the rule counts requests
        number,   ///< `number`, whatever was used
        key,      ///< the cost of that name in the route's llmRequestCosts
        formula,  ///< `formula` (a QuotaPolicy's costExpression)
    };
    From from = From::nothing;
    uint64_t number = 0;
    std::string key;
    CostRule formula;
    Place place;
};

enum class Enforcement { reserve, afterwards };
enum class Overflow { allow_last, cut };
enum class WindowKind { fixed, sliding };
enum class StoreFailure { open, closed, local };
enum class Lease { automatic, off };
std::string_view to_string(Enforcement enforcement);  ///< "reserve", as LimitOptions spells it
std::string_view to_string(Overflow overflow);
std::string_view to_string(WindowKind window);
std::string_view to_string(StoreFailure failure);
std::string_view to_string(Lease lease);

/// How a rule is enforced: what only weir.dev's LimitOptions can say.
struct LimitSettings {
    Enforcement enforcement = Enforcement::reserve;
    Overflow overflow = Overflow::allow_last;
    WindowKind window = WindowKind::fixed;
    StoreFailure failure = StoreFailure::local;
    Lease lease = Lease::automatic;
    uint64_t max_keys = defaults::kLimitKeys;  ///< distinct values counted at once
    bool show_keys = false;                    ///< distinct values in clear in /api/limits
};

struct LimitRule {
    enum class Scope {
        global,  ///< one count over all instances
        local,   ///< each instance counts for itself
    };
    std::string policy_kind;  ///< "BackendTrafficPolicy" or "QuotaPolicy"
    ObjectName policy;
    std::string label;     ///< the rule's name, else its index ("0", "local/0"); of a quota
                           ///< "default", "service" or the bucket's index
    std::string model;     ///< of a QuotaPolicy: the model sent to the backend; empty: every other
    std::string identity;  ///< "BackendTrafficPolicy/ns/name/rule/LABEL"
    Scope scope = Scope::global;
    std::vector<Selector> selectors;  ///< empty: every request
    uint64_t limit = 0;
    LimitUnit unit = LimitUnit::hour;
    uint64_t request_cost = 1;  ///< taken at admission; 0: admission only looks
    ResponseCost response;
    bool shared = false;     ///< one counter over all that the policy covers
    bool shadow = false;     ///< counted and reported, never enforced
    bool otherwise = false;  ///< applies where no other local rule of its policy does
    LimitSettings settings;
    Place place;
    std::string field;  ///< "spec.rateLimit.global.rules[0]", for messages

    /// Whether `limit` is a number of requests rather than of tokens or other costs.
    bool counts_requests() const { return response.from == ResponseCost::From::nothing; }
};

/// The rule in words, for people: "1000000 llm_total_token an hour, for each header x-user-id,
/// where header x-ai-eg-model is gpt-4". No value of another header is told.
std::string describe(const LimitRule& rule);

/// A rule where it applies.
struct LimitUse {
    const LimitRule* rule = nullptr;
    std::string counter;           ///< name of the counter; Distinct values are added to it
    std::optional<CostRule> cost;  ///< what `response.key` or `.formula` means here; empty where
                                   ///< nothing is charged afterwards
};

/// Of a QuotaPolicy, what one model of one backend may use. Every bucket that selects a request is
/// charged; the request is admitted if one of them has something left (`shadow` ones do not count).
struct QuotaUse {
    ObjectName policy;
    std::string model;  ///< empty: the service's quota
    std::vector<LimitUse> buckets;
};

}  // namespace weir::config
