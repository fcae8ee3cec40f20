// For the tests of this room: conformance files, and evaluation in one line.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "cel/program.h"
#include "json/value.h"

namespace weir::cel::test {

inline std::filesystem::path conformance() {
    return std::filesystem::path(WEIR_CONFORMANCE_DIR) / "cel";
}

inline bool has_conformance() {
    return std::filesystem::is_directory(conformance());
}

/// Skips the test, or fails it under CI, if there is no conformance data.
inline void require_conformance() {
    if (has_conformance()) return;
    const char* ci = std::getenv("CI");
    if (ci && std::string_view(ci) == "true")
        FAIL() << "conformance data missing: " << conformance();
    else
        GTEST_SKIP() << "conformance data missing: " << conformance();
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The documents of a .jsonl file.
inline std::vector<json::Value> read_lines(const std::filesystem::path& path) {
    std::vector<json::Value> out;
    std::ifstream file(path, std::ios::binary);
    for (std::string line; std::getline(file, line);) {
        if (line.empty()) continue;
        auto parsed = json::parse(line);
        EXPECT_TRUE(parsed) << path << ": " << parsed.error().to_string();
        if (parsed) out.push_back(std::move(*parsed));
    }
    return out;
}

/// The system's zone files.
class SystemZones final : public TimeZones {
public:
    const TimeZone* find(std::string_view name) const override {
        const auto known = zones_.find(name);
        if (known != zones_.end()) return &known->second;
        const auto path = std::filesystem::path("/usr/share/zoneinfo") / name;
        if (name.find("..") != name.npos || !std::filesystem::is_regular_file(path)) return nullptr;
        auto zone = TimeZone::parse(read_file(path));
        if (!zone) return nullptr;
        return &zones_.emplace(std::string(name), std::move(*zone)).first->second;
    }

private:
    mutable std::map<std::string, TimeZone, std::less<>> zones_;
};

}  // namespace weir::cel::test
