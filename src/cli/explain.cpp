#include <fmt/format.h>

#include <ctime>

#include "cli/explain_limits.h"
#include "cli/load.h"
#include "cli/options.h"
#include "control/files.h"
#include "proxy/inspect.h"
#include "route/hosts.h"
#include "route/operation.h"
#include "snapshot/snapshot.h"

namespace weir::cli {
namespace {

class GivenHeaders final : public route::HeaderLookup {
public:
    void add(std::string_view name, std::string value) {
        fields_.emplace_back(to_lower(name), std::move(value));
    }
    std::optional<std::string_view> find(std::string_view name) const override {
        for (const auto& [known, value] : fields_)
            if (known == name && name != route::kModelHeader) return value;
        return std::nullopt;
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

std::string condition(const route::Alternative& alternative) {
    std::string out;
    auto add = [&](std::string text) { out += (out.empty() ? "" : ", ") + std::move(text); };
    for (const auto& host : alternative.hostnames)
        if (!host.empty()) add("host " + host);
    std::string_view kind = alternative.path.type == route::PathType::exact   ? "Exact"
                            : alternative.path.type == route::PathType::regex ? "RegularExpression"
                                                                              : "PathPrefix";
    add(fmt::format("path {} {}", kind, alternative.path.value));
    if (!alternative.method.empty()) add("method " + alternative.method);
    for (const auto& header : alternative.headers)
        add(fmt::format("{} {} {}", header.name, header.regex ? "matches" : "is", header.value));
    return out;
}

void print_attempt(const snapshot::Attempt& attempt, const snapshot::Snapshot& snapshot,
                   std::size_t number) {
    fmt::print("    {}. {} ({})", number + 1, attempt.backend, dialect::to_string(attempt.schema));
    if (!attempt.model_override.empty()) fmt::print(", model {}", attempt.model_override);
    fmt::print("\n       at ");
    for (std::size_t i = 0; i < attempt.origins.size(); ++i) {
        const auto& origin = snapshot.origins[attempt.origins[i]];
        fmt::print("{}{}://{}:{}", i ? ", " : "", origin.tls ? "https" : "http", origin.host,
                   origin.port);
    }
    const std::string& credential = attempt.credential->description();
    fmt::print("\n       credential: {}\n", credential.empty() ? "none" : credential);
}

Result<std::string> read_body(const ExplainOptions& options) {
    if (!options.body_file.empty()) {
        WEIR_TRY(auto documents, control::read_documents({options.body_file}));
        return documents.front().text;
    }
    if (options.model.empty()) return std::string();
    std::string body = "{\"model\":";
    json::append_string(body, options.model);
    return body + "}";
}

int explain_on(const snapshot::Port& port, const snapshot::Snapshot& snapshot,
               const route::RequestView& view, std::string_view query) {
    for (const auto& explanation : port.matcher.explain(view)) {
        const auto& rule = snapshot.rules[explanation.rule];
        fmt::print("  {} {} {} [{}]: {}\n", explanation.matched ? "+" : "-", rule.route, rule.name,
                   condition(port.matcher.alternatives()[explanation.alternative]),
                   explanation.reason);
    }
    auto match = port.matcher.match(view);
    if (!match) {
        fmt::print("No rule serves this request: Weir answers 404.\n");
        return 1;
    }
    const auto& rule = snapshot.rules[match->rule];
    fmt::print("Rule: {} of route {}\n", rule.name, rule.route);
    auto operation = route::identify(view.method, view.path, match->prefix_length);
    switch (operation.outcome) {
        case route::Identified::found:
            fmt::print("Operation: {} ({} client)\n", operation.row.name, operation.row.dialect);
            break;
        case route::Identified::bare_prefix:
            fmt::print("Operation: chat, if the body has `messages`\n");
            break;
        case route::Identified::method_not_allowed:
            fmt::print("Operation: none, Weir answers 405 (allowed: {})\n", operation.allow);
            break;
        case route::Identified::unknown_path:
            fmt::print("Operation: none, Weir answers 404\n");
            break;
    }
    fmt::print("Backends, by priority and weight:\n");
    for (std::size_t i = 0; i < rule.attempts.size(); ++i)
        print_attempt(rule.attempts[i], snapshot, i);
    auto seconds = [](config::Duration d) {
        return d.count() ? fmt::format("{} s", static_cast<double>(d.count()) / 1000)
                         : std::string("none");
    };
    fmt::print("Deadlines: connect {}, first byte {}, stream idle {}, request {}\n",
               seconds(rule.timeouts.connect), seconds(rule.timeouts.first_byte),
               seconds(rule.timeouts.stream_idle), seconds(rule.timeouts.request));
    explain_limits(rule, static_cast<uint32_t>(&port - snapshot.ports.data()),
                   {*view.headers, view.model, query, view.method, view.path, "127.0.0.1:0"});
    return 0;
}

}  // namespace

Exit explain(const ExplainOptions& options) {
    auto refuse = [](const std::string& why) {
        fmt::print(stderr, "error: {}\n", why);
        return Exit::refused;
    };
    auto documents = control::read_documents(options.paths);
    if (!documents) return refuse(documents.error().detail());
    config::Options load = load_options();
    load.mock = true;  // routing can be explained without the Secrets
    config::Loaded loaded = config::load(*documents, load);
    print(loaded.diagnostics);
    if (!loaded.ok()) return Exit::refused;
    auto compiled = snapshot::compile(loaded.configuration, {.env = load.env,
                                                             .mock = {},
                                                             .now = std::time(nullptr),
                                                             .read_file = {},
                                                             .tokens = nullptr});
    if (!compiled) return refuse(compiled.error().to_string());

    GivenHeaders headers;
    http::RequestHead request;
    for (const auto& text : options.headers) {
        auto colon = text.find(':');
        if (colon == std::string::npos)
            return refuse(fmt::format("--header '{}' is not 'name: value'", text));
        headers.add(text.substr(0, colon),
                    std::string(trim(std::string_view(text).substr(colon + 1))));
    }
    auto body = read_body(options);
    if (!body) return refuse(body.error().detail());
    request.method = options.method;
    json::Peeker peeker;
    proxy::Inspection inspection;
    if (!body->empty())
        if (auto seen = proxy::inspect(peeker, request, *body, inspection); !seen)
            return refuse(seen.error().to_string());

    std::string host_buffer;
    std::string_view path = options.path;
    route::RequestView view{route::host_name(options.host, host_buffer),
                            path.substr(0, path.find('?')), options.method, std::nullopt, &headers};
    if (!inspection.model.empty()) view.model = inspection.model;
    fmt::print("Request: {} {} (host {}, model {})\n", view.method, view.path, view.host,
               view.model.value_or("not named"));
    auto mark = path.find('?');
    std::string_view query = mark == std::string_view::npos ? "" : path.substr(mark + 1);
    int unserved = 0;
    for (const auto& port : (*compiled)->ports) {
        fmt::print("Listener {} (port {}):\n", fmt::join(port.listeners, ", "), port.port);
        unserved += explain_on(port, **compiled, view, query);
    }
    return unserved == static_cast<int>((*compiled)->ports.size()) ? Exit::refused : Exit::done;
}

}  // namespace weir::cli
