#include <fmt/format.h>

#include <array>

#include "config/decode_limit.h"
#include "config/text.h"

namespace weir::config {

namespace {

constexpr std::array<std::string_view, 2> kEnforcements = {"reserve", "afterwards"};
constexpr std::array<std::string_view, 2> kOverflows = {"allow-last", "cut"};
constexpr std::array<std::string_view, 2> kWindows = {"fixed", "sliding"};
constexpr std::array<std::string_view, 3> kFailures = {"open", "closed", "local"};
constexpr std::array<std::string_view, 2> kLeases = {"auto", "off"};

/// The enumerator whose spelling is under `key`; its table knows the spellings.
template <class E, size_t N>
std::optional<E> read_choice(const Node& spec, std::string_view key,
                             const std::array<std::string_view, N>& spellings) {
    for (size_t i = 0; i < N; ++i)
        if (spec.text_at(key) == spellings[i]) return static_cast<E>(i);
    return std::nullopt;
}

LimitTarget read_target(const Node& node, const ObjectName& owner, const std::string& path,
                        Report& report) {
    LimitTarget target;
    target.policy = read_reference(node, owner, "", "", path);
    target.model = node.text_at("model");
    if (!target.model.empty() && target.policy.kind != "QuotaPolicy")
        report.error(node.find("model")->place, join(path, "model"),
                     fmt::format("only a QuotaPolicy has models; remove it, or target one"));
    return target;
}

}  // namespace

std::string_view to_string(Enforcement enforcement) {
    return kEnforcements[static_cast<size_t>(enforcement)];
}
std::string_view to_string(Overflow overflow) {
    return kOverflows[static_cast<size_t>(overflow)];
}
std::string_view to_string(WindowKind window) {
    return kWindows[static_cast<size_t>(window)];
}
std::string_view to_string(StoreFailure failure) {
    return kFailures[static_cast<size_t>(failure)];
}
std::string_view to_string(Lease lease) {
    return kLeases[static_cast<size_t>(lease)];
}

LimitOptions decode_limit_options(const Object& object, Report& report) {
    const Node& spec = object.spec();
    LimitOptions options;
    options.meta = object.meta();
    const auto& targets = list_of(spec, "targetRefs");
    for (size_t i = 0; i < targets.size(); ++i)
        options.targets.push_back(
            read_target(targets[i], object.name, join("spec.targetRefs", i), report));
    options.enforcement = read_choice<Enforcement>(spec, "enforcement", kEnforcements);
    options.overflow = read_choice<Overflow>(spec, "overflow", kOverflows);
    options.window = read_choice<WindowKind>(spec, "window", kWindows);
    options.failure = read_choice<StoreFailure>(spec, "failure", kFailures);
    options.lease = read_choice<Lease>(spec, "lease", kLeases);
    if (const Node* distinct = spec.find("distinct")) {
        if (auto most = read_int(*distinct, "maxKeys"); most && *most > 0)
            options.max_keys = static_cast<uint64_t>(*most);
        if (distinct->has("showKeys")) options.show_keys = distinct->text_at("showKeys") == "true";
    }
    return options;
}

}  // namespace weir::config
