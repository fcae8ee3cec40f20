// Files and conformance data, for the tests of this room.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/standing.h"

namespace weir::config {

inline std::filesystem::path test_data() {
    return std::filesystem::path(WEIR_SOURCE_DIR) / "src/config/testdata";
}
inline std::filesystem::path conformance() {
    return std::filesystem::path(WEIR_CONFORMANCE_DIR);
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

inline bool under_ci() {
    const char* ci = std::getenv("CI");
    return ci && std::string_view(ci) == "true";
}

/// True if the folder of conformance data is missing: a failure under CI, else a reason to skip.
inline bool conformance_missing(std::string_view folder) {
    if (std::filesystem::is_directory(conformance() / folder)) return false;
    if (under_ci()) ADD_FAILURE() << "conformance data missing: " << conformance() / folder;
    return true;
}

/// An environment of a few variables.
inline EnvLookup environment(std::map<std::string, std::string, std::less<>> values) {
    return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
        auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

inline Loaded load_text(std::string text, const Options& options = {}) {
    const Document document{"test.yaml", std::move(text)};
    return load(std::span(&document, 1), options);
}

/// Whether `d` says that something of standing.h's list is not in force yet.
inline bool of_pending_feature(const Diagnostic& d) {
    return d.message.find("not in force yet") != std::string::npos &&
           std::ranges::any_of(kPendingFeatures, [&](const PendingFeature& feature) {
               return d.field == feature.field &&
                      d.subject.starts_with(std::string(feature.kind) + "/");
           });
}

/// Without what standing.h's list says: tests of anything else stay when a feature comes into
/// force.
inline Loaded beside_pending(Loaded loaded) {
    std::erase_if(loaded.diagnostics, of_pending_feature);
    return loaded;
}

/// Every Diagnostic on a line of its own, marked with what it does.
inline std::string messages(const Loaded& loaded) {
    std::string out;
    for (const Diagnostic& d : loaded.diagnostics) {
        out += d.severity == Severity::error ? "error   " : d.refuses_run ? "refuses " : "warning ";
        out += to_string(d) + "\n";
    }
    return out;
}

inline std::string errors(const Loaded& loaded) {
    std::string out;
    for (const Diagnostic& d : loaded.diagnostics)
        if (d.severity == Severity::error) out += to_string(d) + "\n";
    return out;
}

/// The AIServiceBackend of that name in the default namespace; a failure if there is none.
inline const Backend& backend(const Loaded& loaded, std::string name) {
    const Backend* found = loaded.configuration.backend({"default", std::move(name)});
    EXPECT_TRUE(found);
    static const Backend kNone;
    return found ? *found : kNone;
}

}  // namespace weir::config
