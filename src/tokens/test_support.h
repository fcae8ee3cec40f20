/// For this room's tests only: files, loaded vocabularies, estimates of a body given as text.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "json/value.h"
#include "tokens/estimate.h"
#include "tokens/vocabulary.h"

namespace weir::tokens::test {

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

inline std::filesystem::path testdata() {
    return std::filesystem::path(WEIR_SOURCE_DIR) / "src/tokens/testdata";
}

/// Both encodings, loaded once for all tests.
inline const Vocabularies& loaded() {
    static const Vocabularies& all = *[] {
        auto* out = new Vocabularies;
        EXPECT_TRUE(out->prepare(Encoding::cl100k_base));
        EXPECT_TRUE(out->prepare(Encoding::o200k_base));
        return out;
    }();
    return all;
}
inline const Vocabularies& nothing_loaded() {
    static const Vocabularies none;
    return none;
}

inline Estimate estimate(const Question& question, std::string_view body,
                         const Vocabularies& vocabularies = loaded(),
                         const Calibration& calibration = Calibration(8), Options options = {}) {
    json::Peeker peeker;
    const auto peek = peeker.peek(body);
    if (!peek) {
        ADD_FAILURE() << peek.error().to_string();
        return {};
    }
    return Estimator(vocabularies, calibration, options).estimate(question, *peek);
}

}  // namespace weir::tokens::test
