// The documents of conformance/json, for the tests of this room.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace weir::json {

struct ConformanceDocument {
    std::string name;
    std::string text;
};

/// All documents. Without the folder: a failure under CI, else the test is skipped.
inline std::vector<ConformanceDocument> conformance_documents() {
    std::filesystem::path folder = std::filesystem::path(WEIR_CONFORMANCE_DIR) / "json";
    std::vector<ConformanceDocument> documents;
    if (std::filesystem::is_directory(folder)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() != ".json") continue;
            std::ifstream file(entry.path(), std::ios::binary);
            documents.push_back({entry.path().filename().string(),
                                 std::string(std::istreambuf_iterator<char>(file), {})});
        }
        EXPECT_FALSE(documents.empty()) << "no documents in " << folder;
        return documents;
    }
    const char* ci = std::getenv("CI");
    if (ci && std::string_view(ci) == "true")
        ADD_FAILURE() << "conformance data missing: " << folder;
    else
        [&] { GTEST_SKIP() << "conformance data missing: " << folder; }();
    return documents;
}

}  // namespace weir::json
