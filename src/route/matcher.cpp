#include "route/matcher.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/ascii.h"
#include "route/candidates.h"
#include "route/hosts.h"

namespace weir::route {
namespace {

std::unique_ptr<RE2> make_regex(std::string_view expression) {
    RE2::Options options(RE2::Quiet);
    return std::make_unique<RE2>(re2::StringPiece(expression.data(), expression.size()), options);
}

bool full_match(const RE2& regex, std::string_view text) {
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex);
}

/// A PathPrefix without its trailing slashes; empty for "/".
std::string_view prefix_of(std::string_view value) {
    while (value.ends_with('/'))
        value.remove_suffix(1);
    return value;
}

/// The empty prefix is no path condition: it takes "*" (of OPTIONS) too.
bool is_under(std::string_view path, std::string_view prefix) {
    if (prefix.empty()) return true;
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

/// An alternative with its expressions compiled.
struct Compiled {
    uint32_t index = 0;  ///< of the alternative
    const Alternative* source = nullptr;
    std::unique_ptr<RE2> path;                  ///< of a regex path
    std::vector<std::unique_ptr<RE2>> headers;  ///< parallel to source->headers; null if exact
    std::string_view prefix;

    bool header_matches(size_t i, const RequestView& request) const {
        const HeaderMatch& match = source->headers[i];
        auto value = header_of(request, match.name);
        if (!value) return false;
        return headers[i] ? full_match(*headers[i], *value) : *value == match.value;
    }
    bool method_matches(const RequestView& request) const {
        return source->method.empty() || source->method == request.method;
    }
    bool path_matches(const RequestView& request) const {
        switch (source->path.type) {
            case PathType::exact:
                return request.path == source->path.value;
            case PathType::prefix:
                return is_under(request.path, prefix);
            case PathType::regex:
                return full_match(*path, request.path);
        }
        return false;
    }
    /// Method, headers and an expression for the path; other paths and the host are looked up.
    bool matches(const RequestView& request) const {
        if (!method_matches(request)) return false;
        if (path && !full_match(*path, request.path)) return false;
        for (size_t i = 0; i < headers.size(); ++i)
            if (!header_matches(i, request)) return false;
        return true;
    }
    /// 0 is the most specific (see the head of matcher.h).
    int path_class() const {
        switch (source->path.type) {
            case PathType::exact:
                return 0;
            case PathType::prefix:
                return prefix.empty() ? 3 : 1;
            case PathType::regex:
                return 2;
        }
        return 3;
    }
    auto precedence() const {
        return std::tuple(source->method.empty(), -static_cast<int64_t>(headers.size()), index);
    }
};

Result<Compiled> compile_one(Alternative& source, uint32_t index) {
    Compiled out{index, &source, nullptr, {}, {}};
    auto refuse = [](std::string_view place, const RE2& regex) {
        return fail(codes::config_invalid,
                    fmt::format("{}: not a valid regular expression: {}", place, regex.error()));
    };
    if (source.path.type != PathType::regex && !source.path.value.starts_with('/'))
        return fail(codes::config_invalid,
                    fmt::format("path {}: must start with a slash", source.path.value));
    if (source.path.type == PathType::regex) {
        out.path = make_regex(source.path.value);
        if (!out.path->ok()) return refuse("path", *out.path);
    }
    if (source.path.type == PathType::prefix) out.prefix = prefix_of(source.path.value);
    for (HeaderMatch& header : source.headers) {
        header.name = to_lower(header.name);
        out.headers.push_back(header.regex ? make_regex(header.value) : nullptr);
        if (header.regex && !out.headers.back()->ok())
            return refuse("header " + header.name, *out.headers.back());
    }
    return out;
}

/// Prefixes by segment: children of "/v1" are its next segments.
struct PrefixNode {
    Candidates candidates;
    TextMap<std::unique_ptr<PrefixNode>> children;

    PrefixNode& at(std::string_view prefix) {
        PrefixNode* node = this;
        while (!prefix.empty()) {
            size_t end = std::min(prefix.find('/', 1), prefix.size());
            auto& child = node->children[std::string(prefix.substr(1, end - 1))];
            if (!child) child = std::make_unique<PrefixNode>();
            node = child.get();
            prefix.remove_prefix(end);
        }
        return *node;
    }
};

/// What one host name serves.
struct HostRules {
    TextMap<Candidates> exact_paths;
    PrefixNode prefixes;
    Candidates regex_paths;
};

}  // namespace

std::string Candidates::choose_header(const std::vector<const std::vector<HeaderMatch>*>& headers) {
    std::map<std::string_view, std::set<std::string_view>> values;
    for (const auto* list : headers)
        for (const HeaderMatch& match : *list)
            if (!match.regex) values[match.name].insert(match.value);
    std::string_view best;
    size_t most = 0;
    for (const auto& [name, distinct] : values) {
        if (distinct.size() <= most) continue;
        best = name;
        most = distinct.size();
    }
    return std::string(best);
}

struct Matcher::Impl {
    std::vector<Alternative> alternatives;
    std::vector<Compiled> ranked;  ///< by method, number of headers, order
    TextMap<HostRules> exact_hosts;
    TextMap<HostRules> wildcards;  ///< by what follows the star: ".example.com"
    HostRules every_host;
    TextMap<std::vector<Model>> models;  ///< by host pattern; "" for alternatives without one

    HostRules& rules_of(const std::string& pattern) {
        if (pattern.empty()) return every_host;
        if (is_wildcard(pattern)) return wildcards[to_lower(pattern.substr(1))];
        return exact_hosts[to_lower(pattern)];
    }

    void build();
    void add_model(const Compiled& compiled, const std::string& pattern);
    void finish(HostRules& rules);
    void finish(PrefixNode& node);
    std::optional<uint32_t> first(const Candidates& candidates, const RequestView& request) const;
    std::optional<Match> in_host(const HostRules& rules, const RequestView& request) const;
    std::optional<Match> in_prefix(const PrefixNode& node, const RequestView& request,
                                   size_t at) const;
    Match result(uint32_t rank, size_t prefix_length) const;
    Explanation explain(const Compiled& compiled, const RequestView& request) const;
};

void Matcher::Impl::build() {
    std::sort(ranked.begin(), ranked.end(),
              [](const Compiled& a, const Compiled& b) { return a.precedence() < b.precedence(); });
    for (uint32_t rank = 0; rank < ranked.size(); ++rank) {
        const Compiled& compiled = ranked[rank];
        std::vector<std::string> patterns = compiled.source->hostnames;
        if (patterns.empty()) patterns.emplace_back();
        for (std::string& pattern : patterns)
            pattern = to_lower(pattern);
        std::sort(patterns.begin(), patterns.end());
        patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
        for (const std::string& pattern : patterns) {
            HostRules& rules = rules_of(pattern);
            switch (compiled.source->path.type) {
                case PathType::exact:
                    rules.exact_paths[compiled.source->path.value].add(rank);
                    break;
                case PathType::prefix:
                    rules.prefixes.at(compiled.prefix).candidates.add(rank);
                    break;
                case PathType::regex:
                    rules.regex_paths.add(rank);
                    break;
            }
            add_model(compiled, pattern);
        }
    }
    finish(every_host);
    for (auto& [name, rules] : exact_hosts)
        finish(rules);
    for (auto& [name, rules] : wildcards)
        finish(rules);
    for (auto& [name, list] : models)
        std::sort(list.begin(), list.end(), [](const Model& a, const Model& b) {
            return a.alternative != b.alternative ? a.alternative < b.alternative : a.name < b.name;
        });
}

void Matcher::Impl::add_model(const Compiled& compiled, const std::string& pattern) {
    for (const HeaderMatch& header : compiled.source->headers)
        if (header.name == kModelHeader && !header.regex)
            models[pattern].push_back({header.value, compiled.source->rule, compiled.index});
}

void Matcher::Impl::finish(HostRules& rules) {
    auto headers_of = [&](uint32_t rank) -> const std::vector<HeaderMatch>& {
        return ranked[rank].source->headers;
    };
    for (auto& [path, candidates] : rules.exact_paths)
        candidates.build(headers_of);
    rules.regex_paths.build(headers_of);
    finish(rules.prefixes);
}

void Matcher::Impl::finish(PrefixNode& node) {
    node.candidates.build([&](uint32_t rank) -> const std::vector<HeaderMatch>& {
        return ranked[rank].source->headers;
    });
    for (auto& [segment, child] : node.children)
        finish(*child);
}

Match Matcher::Impl::result(uint32_t rank, size_t prefix_length) const {
    const Compiled& compiled = ranked[rank];
    return {compiled.source->rule, compiled.index, compiled.source->path.type, prefix_length};
}

std::optional<uint32_t> Matcher::Impl::first(const Candidates& candidates,
                                             const RequestView& request) const {
    return candidates.first(request, [&](uint32_t rank) { return ranked[rank].matches(request); });
}

std::optional<Match> Matcher::Impl::in_host(const HostRules& rules,
                                            const RequestView& request) const {
    if (auto exact = rules.exact_paths.find(request.path); exact != rules.exact_paths.end())
        if (auto rank = first(exact->second, request)) return result(*rank, 0);
    if (auto match = in_prefix(rules.prefixes, request, 0)) return match;
    if (auto rank = first(rules.regex_paths, request)) return result(*rank, 0);
    if (auto rank = first(rules.prefixes.candidates, request)) return result(*rank, 0);
    return std::nullopt;
}

/// The longest prefix below `node`, which is the first `at` bytes of the path. The root itself is
/// left to the caller. As deep as the configured prefixes are, not as the path is.
std::optional<Match> Matcher::Impl::in_prefix(const PrefixNode& node, const RequestView& request,
                                              size_t at) const {
    const std::string_view path = request.path;
    if (at < path.size() && path[at] == '/' && !node.children.empty()) {
        size_t end = std::min(path.find('/', at + 1), path.size());
        auto child = node.children.find(path.substr(at + 1, end - at - 1));
        if (child != node.children.end())
            if (auto match = in_prefix(*child->second, request, end)) return match;
    }
    if (at == 0) return std::nullopt;
    auto rank = first(node.candidates, request);
    return rank ? std::optional(result(*rank, at)) : std::nullopt;
}

Matcher::Matcher() : impl_(std::make_unique<const Impl>()) {}
Matcher::Matcher(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Result<Matcher> Matcher::compile(std::vector<Alternative> alternatives) {
    auto impl = std::make_unique<Impl>();
    impl->alternatives = std::move(alternatives);
    for (uint32_t i = 0; i < impl->alternatives.size(); ++i) {
        WEIR_TRY(Compiled compiled, compile_one(impl->alternatives[i], i));
        impl->ranked.push_back(std::move(compiled));
    }
    impl->build();
    return Matcher(std::move(impl));
}

std::optional<Match> Matcher::match(const RequestView& request) const {
    if (!impl_->exact_hosts.empty())
        if (auto rules = impl_->exact_hosts.find(request.host); rules != impl_->exact_hosts.end())
            if (auto match = impl_->in_host(rules->second, request)) return match;
    if (!impl_->wildcards.empty())
        for (size_t dot = request.host.find('.', 1); dot != std::string_view::npos;
             dot = request.host.find('.', dot + 1))
            if (auto rules = impl_->wildcards.find(request.host.substr(dot));
                rules != impl_->wildcards.end())
                if (auto match = impl_->in_host(rules->second, request)) return match;
    return impl_->in_host(impl_->every_host, request);
}

namespace {

/// The most specific of an alternative's patterns that the host has, as (class, -length): exact 0,
/// wildcard 1, every host 2, none 3.
std::pair<int, int64_t> host_specificity(const Alternative& alternative, std::string_view host) {
    if (alternative.hostnames.empty()) return {2, 0};
    std::pair<int, int64_t> best{3, 0};
    for (const std::string& pattern : alternative.hostnames) {
        if (!host_matches(pattern, host)) continue;
        int kind = pattern.empty() ? 2 : is_wildcard(pattern) ? 1 : 0;
        best = std::min(best, {kind, -static_cast<int64_t>(pattern.size())});
    }
    return best;
}

std::string_view describe(PathType type) {
    switch (type) {
        case PathType::exact:
            return "is not";
        case PathType::prefix:
            return "is not under";
        case PathType::regex:
            return "does not match";
    }
    return "";
}

}  // namespace

/// Values of the request's own headers may be credentials: they are not shown.
Explanation Matcher::Impl::explain(const Compiled& compiled, const RequestView& request) const {
    const Alternative& source = *compiled.source;
    std::vector<std::string> reasons;
    if (host_specificity(source, request.host).first == 3)
        reasons.push_back(fmt::format("host {} is not one of {}", request.host,
                                      fmt::join(source.hostnames, ", ")));
    if (!compiled.path_matches(request))
        reasons.push_back(fmt::format("path {} {} {}", request.path, describe(source.path.type),
                                      source.path.value));
    if (!compiled.method_matches(request))
        reasons.push_back(fmt::format("method {} is not {}", request.method, source.method));
    for (size_t i = 0; i < source.headers.size(); ++i) {
        const HeaderMatch& header = source.headers[i];
        if (compiled.header_matches(i, request)) continue;
        std::string_view verb = header.regex ? "does not match" : "is not";
        if (header.name == kModelHeader && request.model)
            reasons.push_back(fmt::format("model {} {} {}", *request.model, verb, header.value));
        else if (header_of(request, header.name))
            reasons.push_back(fmt::format("header {} {} {}", header.name, verb, header.value));
        else
            reasons.push_back(header.name == kModelHeader
                                  ? fmt::format("no model given, {} wanted", header.value)
                                  : fmt::format("header {} is absent", header.name));
    }
    return {compiled.index, source.rule, reasons.empty(),
            fmt::format("{}", fmt::join(reasons, "; "))};
}

std::vector<Explanation> Matcher::explain(const RequestView& request) const {
    auto precedence = [&](const Compiled* c) {
        return std::tuple(host_specificity(*c->source, request.host), c->path_class(),
                          -static_cast<int64_t>(c->prefix.size()), c->precedence());
    };
    std::vector<const Compiled*> sorted;
    for (const Compiled& compiled : impl_->ranked)
        sorted.push_back(&compiled);
    std::sort(sorted.begin(), sorted.end(),
              [&](const Compiled* a, const Compiled* b) { return precedence(a) < precedence(b); });
    std::vector<Explanation> out;
    bool chosen = false;
    for (const Compiled* compiled : sorted) {
        Explanation& line = out.emplace_back(impl_->explain(*compiled, request));
        if (!line.matched) continue;
        line.reason = chosen ? "also matches, with lower precedence" : "chosen";
        chosen = true;
    }
    return out;
}

std::vector<Matcher::Model> Matcher::list_models(std::string_view host) const {
    const auto& models = impl_->models;
    auto scoped = host.empty() ? models.end() : models.find(host);
    for (size_t dot = host.find('.', 1); scoped == models.end() && dot != std::string_view::npos;
         dot = host.find('.', dot + 1))
        scoped = models.find("*" + std::string(host.substr(dot)));
    std::vector<Model> out;
    std::set<std::string_view> seen;
    for (auto list : {scoped, models.find("")}) {
        if (list == models.end()) continue;
        for (const Model& model : list->second)
            if (seen.insert(model.name).second) out.push_back(model);
    }
    return out;
}

const std::vector<Alternative>& Matcher::alternatives() const {
    return impl_->alternatives;
}

std::string check_regex(std::string_view expression) {
    auto regex = make_regex(expression);
    return regex->ok() ? std::string() : regex->error();
}

}  // namespace weir::route
