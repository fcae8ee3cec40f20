/// The limits of one route's rule, or the quota of one backend, compiled: which of them concern a
/// request, and where they count.
///
/// A plan looks each header and query parameter up once per request, however many of its rules ask
/// for it, and tries only the rules that the most telling of them leaves. Selection allocates
/// nothing once its scratch has grown. What counts lives outside (quota::Counters), shared with the
/// snapshots before and after. Immutable after compile; any thread.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/configuration.h"
#include "quota/registry.h"
#include "quota/reservation.h"
#include "route/candidates.h"
#include "route/matcher.h"
#include "snapshot/cost.h"

namespace re2 {
class RE2;
}

namespace weir::snapshot {

/// What selectors ask about a request. Views live as long as the request.
struct LimitView {
    const route::HeaderLookup& headers;  ///< the client's own; the model is not among them
    std::optional<std::string_view> model;
    std::string_view query;  ///< without '?'
    std::string_view method;
    std::string_view path;
    std::string_view peer;  ///< "10.0.0.1:5000" or "[::1]:5000"
};

/// One condition of a rule.
struct LimitTest {
    enum class On : uint8_t { field, method, path, source };
    On on = On::field;
    config::ValueTest test = config::ValueTest::exact;
    bool invert = false;
    uint16_t field = 0;  ///< index into LimitPlan's fields
    std::string value;
    std::shared_ptr<const re2::RE2> regex;
    std::vector<config::MethodSelector> methods;
    config::PathMatch::Type path = config::PathMatch::Type::prefix;
    config::AddressSelector source;
    std::string to_string(const std::string& field_name) const;  ///< for people
};

struct LimitRule {
    std::string policy;                         ///< "default/token-limits"
    std::string label;                          ///< the rule's name or number
    std::string kind;                           ///< "BackendTrafficPolicy" or "QuotaPolicy"
    std::string counter;                        ///< its identity, the same over reloads
    std::shared_ptr<quota::Counters> counters;  ///< null if the snapshot is only to be explained
    uint64_t limit = 0;
    quota::Window window;
    uint64_t request_cost = 0;
    Cost cost;
    bool counts_requests = false;
    bool shadow = false;
    bool otherwise = false;  ///< applies where no other rule of its `family` does
    uint16_t family = 0;     ///< the local rules of one policy; 0: none
    uint32_t group = 0;      ///< buckets of one quota; 0: stands alone
    config::LimitSettings settings;
    std::vector<LimitTest> tests;
    std::vector<uint32_t> ports;  ///< indexes of the snapshot's ports where it holds; empty: all
    bool holds_at(uint32_t port) const;
    /// "default/token-limits rule per-user", as messages, headers and logs name it.
    std::string name;
};

/// A rule that concerns a request, and the counter it uses.
struct LimitMatch {
    const LimitRule* rule = nullptr;
    quota::Key key = quota::kEverybody;
};

/// What a selection needs besides; reused from request to request.
struct LimitScratch {
    struct Field {
        enum class State : uint8_t { unknown, absent, present };
        State state = State::unknown;
        bool hashed = false;
        std::string_view value;
        quota::Key key;
    };
    std::vector<Field> fields;
    std::vector<LimitMatch> matches;
    std::string text;   // a query parameter whose escapes were undone
    std::string shown;  // of a rule that shows its keys: the values of the last match
};

class LimitPlan {
public:
    bool empty() const { return rules_.empty(); }
    const std::vector<LimitRule>& rules() const { return rules_; }

    /// Fills scratch.matches with the rules that concern the request, in their order.
    void select(const LimitView& view, uint32_t port, const quota::KeyHasher& hasher,
                LimitScratch& scratch) const;
    /// Why a rule does not concern the request; nothing if it does. Leaves out `otherwise`.
    std::optional<std::string> reason(const LimitRule& rule, const LimitView& view) const;
    /// The Distinct values of a match in clear, for rules that show their keys.
    std::string values(const LimitRule& rule, const LimitView& view) const;
    std::string field_name(const LimitTest& test) const;

private:
    friend class LimitCompiler;
    struct FieldName {
        std::string name;
        bool query = false;
    };
    std::optional<std::string_view> field(uint16_t index, const LimitView& view,
                                          std::string& text) const;
    bool holds(const LimitTest& test, const LimitView& view, LimitScratch& scratch) const;
    bool holds(const LimitTest& test, std::optional<std::string_view> value) const;
    LimitScratch::Field& seen(uint16_t index, const LimitView& view, LimitScratch& scratch) const;
    quota::Key key_of(const LimitRule& rule, const LimitView& view, const quota::KeyHasher& hasher,
                      LimitScratch& scratch) const;

    /// Whether the rule selects the request; then it joins the matches.
    void try_rule(uint32_t index, const LimitView& view, uint32_t port,
                  const quota::KeyHasher& hasher, LimitScratch& scratch, uint64_t& families) const;
    void index();

    std::vector<FieldName> fields_;
    std::vector<LimitRule> rules_;
    // Rules by the value they demand of the field that most rules compare exactly (as the model);
    // the others are tried for every request. Indexes into rules_, in order.
    std::optional<uint16_t> telling_;
    route::TextMap<std::vector<uint32_t>> by_value_;
    std::vector<uint32_t> rest_;
};

/// A quota of a backend for one model.
struct QuotaPlan {
    std::string model;  ///< as the backend is asked for it; empty: any other
    LimitPlan plan;
};

}  // namespace weir::snapshot
