#include <span>

#include "dialect/anthropic/messages.h"

namespace weir::dialect::anthropic {
namespace {

// Names as they occur inside ids: "us.anthropic.claude-opus-4-5-20251101-v1:0",
// "claude-opus-4-5@20251101".
constexpr std::string_view kStructuredEverywhere[] = {"opus-4-5", "sonnet-4-5", "haiku-4-5",
                                                      "opus-4-6", "sonnet-4-6"};
constexpr std::string_view kStructuredButAws[] = {"opus-4-7", "opus-4-8", "sonnet-5",
                                                  "fable-5",  "mythos-5", "mythos-preview"};
constexpr std::string_view kEffort[] = {"opus-4-5", "opus-4-6",   "opus-4-7",
                                        "opus-4-8", "sonnet-4-6", "sonnet-5",
                                        "fable-5",  "mythos-5",   "mythos-preview"};

bool names_one_of(std::string_view model, std::span<const std::string_view> names) {
    for (std::string_view name : names)
        if (model.find(name) != std::string_view::npos) return true;
    return false;
}

}  // namespace

bool knows_structured_output(std::string_view model, Host host) {
    return names_one_of(model, kStructuredEverywhere) ||
           (host != Host::aws && names_one_of(model, kStructuredButAws));
}

bool knows_effort(std::string_view model) {
    return names_one_of(model, kEffort);
}

}  // namespace weir::dialect::anthropic
