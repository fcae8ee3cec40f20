/// Which rule serves a request: host, path, method, headers and model, compiled.
///
/// A Matcher is built from Alternatives (one for each entry of a rule's `matches`) and finds the
/// one with the highest precedence, as Gateway API orders them:
///   1. host name: exact, longer wildcard, none;
///   2. path: Exact, longest PathPrefix, RegularExpression, no path condition (prefix `/`);
///   3. a method condition;
///   4. more header conditions;
///   5. the order in which the caller gave them (older route, then name, then position).
/// A request costs the same with ten alternatives as with thousands: host and path are looked up in
/// hash maps, and alternatives that share both are looked up by the header that most of them
/// compare exactly (as a rule `x-ai-eg-model`). Regular expressions are tried one by one.
///
/// Threads: immutable after compile(); match() allocates nothing. Syntax of expressions: RE2; they
/// match the whole path or value.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace weir::route {

/// The pseudo header whose value is the model that the body names; a client's own is ignored.
inline constexpr std::string_view kModelHeader = "x-ai-eg-model";

enum class PathType : uint8_t { exact, prefix, regex };

struct PathMatch {
    PathType type = PathType::prefix;
    std::string value = "/";
};

struct HeaderMatch {
    std::string name;   ///< any case
    std::string value;  ///< exact text or expression
    bool regex = false;
};

struct Alternative {
    std::vector<std::string> hostnames;  ///< empty, or "" in it: every host
    PathMatch path;
    std::string method;  ///< empty: every method
    std::vector<HeaderMatch> headers;
    uint32_t rule = 0;  ///< the caller's; returned by match()
};

/// The request's own headers.
class HeaderLookup {
public:
    /// `name` is in lower case. Several lines of a name are one value joined by ", " or their
    /// first.
    virtual std::optional<std::string_view> find(std::string_view name) const = 0;

protected:
    ~HeaderLookup() = default;
};

struct RequestView {
    std::string_view host;  ///< as host_name() gives it
    std::string_view path;  ///< without the query
    std::string_view method;
    std::optional<std::string_view> model;  ///< from the body; not set: kModelHeader is absent
    const HeaderLookup* headers = nullptr;  ///< null: none
};

struct Match {
    uint32_t rule = 0;
    uint32_t alternative = 0;  ///< index into what compile() was given
    PathType path_type = PathType::prefix;
    size_t prefix_length = 0;  ///< of the path that a PathPrefix matched, without a trailing slash
};

/// Why an alternative was chosen or not, for `weir explain`.
struct Explanation {
    uint32_t alternative = 0;
    uint32_t rule = 0;
    bool matched = false;
    std::string reason;  ///< "path /x is not under /v1/reasoning", "chosen", "also matches, …"
};

class Matcher {
public:
    /// Fails with config.invalid naming the first expression that RE2 refuses (all of them can be
    /// found with check_regex) or the first path that does not start with a slash.
    static Result<Matcher> compile(std::vector<Alternative> alternatives);
    Matcher();  ///< matches nothing
    Matcher(Matcher&&) noexcept;
    Matcher& operator=(Matcher&&) noexcept;
    ~Matcher();

    std::optional<Match> match(const RequestView& request) const;
    /// Every alternative in the order of precedence for this request's host. Slow.
    std::vector<Explanation> explain(const RequestView& request) const;

    struct Model {
        std::string_view name;  ///< lives as long as the Matcher
        uint32_t rule = 0;      ///< of the first alternative that names it
        uint32_t alternative = 0;
    };
    /// Models that a client of `host` can name: exact values of kModelHeader of the alternatives
    /// with that exact host name, else of those with the longest wildcard that matches, followed by
    /// those of alternatives without a host name. Each name once, in the caller's order.
    std::vector<Model> list_models(std::string_view host) const;
    const std::vector<Alternative>& alternatives() const;

private:
    struct Impl;
    explicit Matcher(std::unique_ptr<const Impl> impl);
    std::unique_ptr<const Impl> impl_;
};

/// Empty if RE2 accepts the expression, else what is wrong with it.
std::string check_regex(std::string_view expression);

}  // namespace weir::route
