// Routing: match() chooses what the slow, plain explain() would, for any path, host, method and
// model; identify() agrees with its own table.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "route/hosts.h"
#include "route/matcher.h"
#include "route/operation.h"

using namespace weir;

namespace {

const route::Matcher& matcher() {
    static const route::Matcher instance = [] {
        using route::PathType;
        const std::array<std::string, 4> hosts{"", "a.b", "*.b", "*.x.b"};
        const std::array<route::PathMatch, 7> paths{{{PathType::prefix, "/"},
                                                     {PathType::prefix, "/v1"},
                                                     {PathType::prefix, "/v1/a/"},
                                                     {PathType::prefix, "/v1//"},
                                                     {PathType::exact, "/v1/a"},
                                                     {PathType::regex, "/v[0-9]+/.*"},
                                                     {PathType::regex, ".*a"}}};
        std::vector<route::Alternative> alternatives;
        for (uint32_t i = 0; i < 112; ++i) {
            route::Alternative alternative{
                {hosts[i % 4]}, paths[i % 7], i % 5 == 0 ? "POST" : "", {}, i};
            if (i % 3 == 1) alternative.headers.push_back({"x-ai-eg-model", i % 2 ? "m" : "n"});
            if (i % 3 == 2) alternative.headers.push_back({"x-ai-eg-model", "[a-m]+", true});
            alternatives.push_back(std::move(alternative));
        }
        return std::move(*route::Matcher::compile(std::move(alternatives)));
    }();
    return instance;
}

std::string_view take(std::string_view& input) {
    size_t end = std::min(input.find('\n'), input.size());
    std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

void check_operation(std::string_view method, std::string_view path, size_t prefix) {
    route::Operation operation = route::identify(method, path, prefix);
    if (operation.outcome == route::Identified::found) {
        WEIR_ASSERT(operation.row.method == method);
        WEIR_ASSERT(path.ends_with(operation.suffix));
        WEIR_ASSERT(operation.row.names_model() == !route::model_in_path(path).empty());
    }
    if (operation.outcome == route::Identified::method_not_allowed)
        WEIR_ASSERT(!operation.allow.empty());
    if (operation.outcome == route::Identified::bare_prefix) WEIR_ASSERT(prefix > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    std::string buffer;
    route::RequestView view;
    view.method = take(input);
    view.path = take(input);
    view.host = route::host_name(take(input), buffer);
    if (!input.empty()) view.model = take(input);
    auto match = matcher().match(view);
    const route::Explanation* expected = nullptr;
    auto lines = matcher().explain(view);
    for (const route::Explanation& line : lines)
        if (line.matched && !expected) expected = &line;
    WEIR_ASSERT(match.has_value() == (expected != nullptr));
    if (match) {
        WEIR_ASSERT(match->rule == expected->rule);
        WEIR_ASSERT(match->prefix_length <= view.path.size());
        check_operation(view.method, view.path, match->prefix_length);
    }
    check_operation(view.method, view.path, 0);
    matcher().list_models(view.host);
    return 0;
}
