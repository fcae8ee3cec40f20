#include "snapshot/limits.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/ascii.h"
#include "base/encoding.h"

namespace weir::snapshot {
namespace {

struct Address {
    std::array<uint8_t, 16> bytes{};
    bool v6 = false;
    std::string_view text() const {
        return {reinterpret_cast<const char*>(bytes.data()), v6 ? 16u : 4u};
    }
};

/// The address of "10.0.0.1:5000" or "[::1]:5000"; an IPv4 address in IPv6's clothes is IPv4.
std::optional<Address> address_of(std::string_view peer) {
    auto colon = peer.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string host(trim(peer.substr(0, colon), "[]"));
    Address out;
    if (::inet_pton(AF_INET, host.c_str(), out.bytes.data()) == 1) return out;
    if (::inet_pton(AF_INET6, host.c_str(), out.bytes.data()) != 1) return std::nullopt;
    static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    out.v6 = std::memcmp(out.bytes.data(), kMapped, sizeof kMapped) != 0;
    if (!out.v6) std::copy_n(out.bytes.begin() + 12, 4, out.bytes.begin());
    return out;
}

bool inside(const Address& address, const config::AddressSelector& range) {
    if (address.v6 != range.v6) return false;
    std::size_t whole = range.prefix / 8;
    if (!std::equal(range.network.begin(), range.network.begin() + static_cast<long>(whole),
                    address.bytes.begin()))
        return false;
    if (range.prefix % 8 == 0) return true;
    auto mask = static_cast<uint8_t>(0xff << (8 - range.prefix % 8));
    return (address.bytes[whole] & mask) == (range.network[whole] & mask);
}

bool under(std::string_view path, std::string_view prefix) {
    while (prefix.size() > 1 && prefix.ends_with('/'))
        prefix.remove_suffix(1);
    return prefix == "/" || (path.starts_with(prefix) &&
                             (path.size() == prefix.size() || path[prefix.size()] == '/'));
}

/// The first value of a query parameter, its escapes undone into `text` if there are any.
std::optional<std::string_view> parameter(std::string_view query, std::string_view name,
                                          std::string& text) {
    while (!query.empty()) {
        std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        std::string_view key = pair.substr(0, pair.find('='));
        if (key != name) continue;
        std::string_view value = pair.substr(std::min(pair.size(), key.size() + 1));
        if (value.find_first_of("%+") == std::string_view::npos) return value;
        text.clear();
        for (std::size_t i = 0; i < value.size(); ++i) {
            unsigned code = 0;
            auto digits = value.substr(i, 3);
            bool escape = digits.size() == 3 && digits[0] == '%' &&
                          std::from_chars(digits.data() + 1, digits.data() + 3, code, 16).ptr ==
                              digits.data() + 3;
            text += escape ? static_cast<char>(code) : value[i] == '+' ? ' ' : value[i];
            if (escape) i += 2;
        }
        return text;
    }
    return std::nullopt;
}

bool is_distinct(const LimitTest& test) {
    return (test.on == LimitTest::On::field && test.test == config::ValueTest::distinct) ||
           (test.on == LimitTest::On::source && test.source.distinct);
}

}  // namespace

bool LimitRule::holds_at(uint32_t port) const {
    return ports.empty() || std::find(ports.begin(), ports.end(), port) != ports.end();
}

std::optional<std::string_view> LimitPlan::field(uint16_t index, const LimitView& view,
                                                 std::string& text) const {
    const FieldName& wanted = fields_[index];
    if (wanted.query) return parameter(view.query, wanted.name, text);
    return wanted.name == route::kModelHeader ? view.model : view.headers.find(wanted.name);
}

LimitScratch::Field& LimitPlan::seen(uint16_t index, const LimitView& view,
                                     LimitScratch& scratch) const {
    using State = LimitScratch::Field::State;
    LimitScratch::Field& known = scratch.fields[index];
    if (known.state != State::unknown) return known;
    auto value = field(index, view, scratch.text);
    // A value with escapes lives in the scratch text until the next one: it is asked for again.
    bool kept = !value || value->data() != scratch.text.data();
    if (kept) known.state = value ? State::present : State::absent;
    known.value = value.value_or(std::string_view());
    if (!kept) known.state = State::unknown;
    return known;
}

bool LimitPlan::holds(const LimitTest& test, std::optional<std::string_view> value) const {
    switch (test.test) {
        case config::ValueTest::exact:
            return (value && *value == test.value) != test.invert;
        case config::ValueTest::regex:
            return (value && re2::RE2::FullMatch(*value, *test.regex)) != test.invert;
        case config::ValueTest::distinct:
            return value.has_value();
    }
    return false;
}

bool LimitPlan::holds(const LimitTest& test, const LimitView& view, LimitScratch& scratch) const {
    switch (test.on) {
        case LimitTest::On::field: {
            using State = LimitScratch::Field::State;
            const auto& known = seen(test.field, view, scratch);
            bool absent = known.state == State::absent;
            return holds(test, absent ? std::nullopt : std::optional(known.value));
        }
        case LimitTest::On::method:
            return std::any_of(test.methods.begin(), test.methods.end(), [&](const auto& wanted) {
                return (wanted.method == view.method) != wanted.invert;
            });
        case LimitTest::On::path: {
            using Type = config::PathMatch::Type;
            bool found = test.path == Type::exact    ? view.path == test.value
                         : test.path == Type::prefix ? under(view.path, test.value)
                                                     : re2::RE2::FullMatch(view.path, *test.regex);
            return found != test.invert;
        }
        case LimitTest::On::source: {
            auto address = address_of(view.peer);
            return (address && inside(*address, test.source)) != test.source.invert;
        }
    }
    return false;
}

/// One value names the counter itself; several are combined in their order.
quota::Key LimitPlan::key_of(const LimitRule& rule, const LimitView& view,
                             const quota::KeyHasher& hasher, LimitScratch& scratch) const {
    quota::Key key = quota::kEverybody;
    bool first = true;
    for (const auto& test : rule.tests) {
        if (!is_distinct(test)) continue;
        quota::Key own;
        if (test.on == LimitTest::On::source) {
            own = hasher.of(address_of(view.peer).value_or(Address()).text());
        } else {
            auto& known = seen(test.field, view, scratch);
            bool keep = known.state == LimitScratch::Field::State::present;
            own = keep && known.hashed ? known.key : hasher.of(known.value);
            if (keep) known.key = own, known.hashed = true;
        }
        key = first ? own : hasher.combined(key, own);
        first = false;
    }
    return key;
}

void LimitPlan::try_rule(uint32_t index, const LimitView& view, uint32_t port,
                         const quota::KeyHasher& hasher, LimitScratch& scratch,
                         uint64_t& families) const {
    const LimitRule& rule = rules_[index];
    uint64_t family = rule.family ? uint64_t{1} << (rule.family % 64) : 0;
    if ((rule.otherwise && (families & family)) || !rule.holds_at(port)) return;
    for (const auto& test : rule.tests)
        if (!holds(test, view, scratch)) return;
    families |= family;
    scratch.matches.push_back({&rule, key_of(rule, view, hasher, scratch)});
}

void LimitPlan::select(const LimitView& view, uint32_t port, const quota::KeyHasher& hasher,
                       LimitScratch& scratch) const {
    scratch.fields.assign(fields_.size(), {});
    scratch.matches.clear();
    uint64_t families = 0;  // bit per family of which a rule was selected
    const std::vector<uint32_t>* telling = nullptr;
    if (telling_) {
        auto found = by_value_.find(seen(*telling_, view, scratch).value);
        if (found != by_value_.end()) telling = &found->second;
    }
    // Both lists are in the order of the rules, and so is what they are merged into.
    std::size_t next = 0;
    for (uint32_t other : rest_) {
        for (; telling && next < telling->size() && (*telling)[next] < other; ++next)
            try_rule((*telling)[next], view, port, hasher, scratch, families);
        try_rule(other, view, port, hasher, scratch, families);
    }
    for (; telling && next < telling->size(); ++next)
        try_rule((*telling)[next], view, port, hasher, scratch, families);
}

/// Chooses the field that most rules compare exactly.
void LimitPlan::index() {
    auto compares = [](const LimitTest& test) {
        return test.on == LimitTest::On::field && test.test == config::ValueTest::exact &&
               !test.invert;
    };
    std::vector<std::size_t> uses(fields_.size());
    for (const auto& rule : rules_)
        for (const auto& test : rule.tests)
            if (compares(test)) ++uses[test.field];
    auto most = std::max_element(uses.begin(), uses.end());
    telling_.reset();
    if (most != uses.end() && *most > 1) telling_ = static_cast<uint16_t>(most - uses.begin());
    by_value_.clear();
    rest_.clear();
    for (uint32_t i = 0; i < rules_.size(); ++i) {
        const auto& tests = rules_[i].tests;
        auto test = std::find_if(tests.begin(), tests.end(), [&](const LimitTest& t) {
            return telling_ && compares(t) && t.field == *telling_;
        });
        (test == tests.end() ? rest_ : by_value_[test->value]).push_back(i);
    }
}

std::optional<std::string> LimitPlan::reason(const LimitRule& rule, const LimitView& view) const {
    LimitScratch scratch;
    scratch.fields.resize(fields_.size());
    for (const auto& test : rule.tests)
        if (!holds(test, view, scratch))
            return fmt::format("needs {}", test.to_string(field_name(test)));
    return std::nullopt;
}

std::string LimitPlan::values(const LimitRule& rule, const LimitView& view) const {
    std::string out, text;
    for (const auto& test : rule.tests) {
        if (!is_distinct(test)) continue;
        if (!out.empty()) out += ", ";
        if (test.on == LimitTest::On::source)
            out += trim(view.peer.substr(0, view.peer.rfind(':')), "[]");
        else
            out += field(test.field, view, text).value_or(std::string_view());
    }
    return out;
}

std::string LimitPlan::field_name(const LimitTest& test) const {
    if (test.on != LimitTest::On::field) return {};
    const FieldName& named = fields_[test.field];
    return (named.query ? "query parameter " : "header ") + named.name;
}

std::string LimitTest::to_string(const std::string& field_name) const {
    auto relation = [this](std::string_view yes, std::string_view no) { return invert ? no : yes; };
    switch (on) {
        case On::field:
            if (test == config::ValueTest::distinct) return "a value of " + field_name;
            if (test == config::ValueTest::regex)
                return fmt::format("{} {} {}", field_name, relation("to match", "not to match"),
                                   value);
            return fmt::format("{} {} {}", field_name, relation("to be", "not to be"), value);
        case On::method: {
            std::string names;
            for (const auto& wanted : methods)
                names += fmt::format("{}{}{}", names.empty() ? "" : " or ",
                                     wanted.invert ? "not " : "", wanted.method);
            return "method " + names;
        }
        case On::path:
            return fmt::format("a path {} {}", relation("under", "not under"), value);
        case On::source:
            return fmt::format("an address {} {}", source.invert ? "outside" : "in", source.text);
    }
    return {};
}

}  // namespace weir::snapshot
