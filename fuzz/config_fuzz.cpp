// Any text as a configuration: load() ends, and what it says holds together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/load.h"

using namespace weir;

namespace {

constexpr std::string_view kCanary = "c4n4ry-value";

void require(bool holds) {
    if (!holds) std::abort();
}

config::Loaded load_as(const std::string& text, bool schema_only, bool mock) {
    config::Options options;
    options.schema_only = schema_only;
    options.mock = mock;
    options.env = [](std::string_view name) -> std::optional<std::string> {
        return name == "KEY" ? std::optional<std::string>(kCanary) : std::nullopt;
    };
    const config::Document document{"fuzz.yaml", text};
    return config::load(std::span(&document, 1), options);
}

/// Sorted by place; errors decide ok(); every place is inside the text.
void check_diagnostics(const config::Loaded& loaded, const std::string& text) {
    bool error = false;
    for (size_t i = 0; i < loaded.diagnostics.size(); ++i) {
        const config::Diagnostic& d = loaded.diagnostics[i];
        error = error || d.severity == config::Severity::error;
        require(!d.message.empty() && !config::to_string(d).empty());
        require(d.place.line <= text.size() + 1 && d.place.column <= text.size() + 1);
        require(i == 0 || loaded.diagnostics[i - 1].place <= d.place);
        require(!d.refuses_run || !d.kind.empty());
    }
    require(loaded.ok() == !error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size > 16384) return 0;
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (bool schema_only : {false, true}) {
        config::Loaded loaded = load_as(text, schema_only, false);
        check_diagnostics(loaded, text);
        if (schema_only) continue;
        // The dump is JSON, and shows no Secret.
        std::string dump = json::serialize(config::to_json(loaded.configuration));
        require(json::parse(dump).has_value());
        for (const config::SecretResource& secret : loaded.configuration.secrets)
            for (const auto& [key, value] : secret.values)
                require(value.reveal() != kCanary || dump.find("[REDACTED]") != std::string::npos);
        // With the mock provider no more is wrong than without.
        if (loaded.ok()) require(load_as(text, false, true).ok());
        // The same text twice is the same configuration, if its objects have names.
        if (loaded.ok() && text.find("name") != std::string::npos) {
            config::Loaded again = load_as(text + "\n---\n" + text, false, false);
            require(again.configuration.backends.size() == loaded.configuration.backends.size() ||
                    text.find("List") != std::string::npos ||
                    text.find("---") != std::string::npos);
        }
    }
    return 0;
}
