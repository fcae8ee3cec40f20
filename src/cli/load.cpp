#include "cli/load.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace weir::cli {
namespace {

namespace fs = std::filesystem;
constexpr uintmax_t kMaxFile = uintmax_t{64} << 20;

Result<std::string> read_file(const fs::path& path) {
    std::error_code error;
    if (fs::file_size(path, error) > kMaxFile && !error)
        return fail(
            codes::config_io,
            fmt::format("{}: larger than 64 MiB, which no configuration is", path.string()));
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(codes::config_io,
                    fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
    return std::string(std::istreambuf_iterator<char>(file), {});
}

bool is_manifest(const fs::path& path) {
    auto extension = path.extension();
    return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

}  // namespace

Result<std::vector<config::Document>> read_documents(const std::vector<std::string>& paths) {
    std::vector<config::Document> documents;
    for (const auto& path : paths) {
        std::error_code error;
        if (path == "-") {
            documents.push_back(
                {"<stdin>", std::string(std::istreambuf_iterator<char>(std::cin), {})});
        } else if (fs::is_directory(path, error)) {
            std::vector<fs::path> files;
            for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
                 entry.increment(error))
                if (entry->is_regular_file() && is_manifest(entry->path()))
                    files.push_back(entry->path());
            if (error)
                return fail(codes::config_io,
                            fmt::format("{}: cannot be read: {}", path, error.message()));
            if (files.empty())
                return fail(
                    codes::config_io,
                    fmt::format("{}: the folder holds no *.yaml, *.yml or *.json file", path));
            std::sort(files.begin(), files.end());
            for (const auto& file : files) {
                WEIR_TRY(std::string text, read_file(file));
                documents.push_back({file.string(), std::move(text)});
            }
        } else {
            WEIR_TRY(std::string text, read_file(path));
            documents.push_back({path, std::move(text)});
        }
    }
    return documents;
}

config::Options load_options() {
    config::Options options;
    options.env = [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value ? std::optional<std::string>(value) : std::nullopt;
    };
    options.read_file = [](std::string_view path) { return read_file(fs::path(path)); };
    return options;
}

std::pair<std::size_t, std::size_t> print(const std::vector<config::Diagnostic>& diagnostics) {
    std::size_t errors = 0;
    for (const auto& diagnostic : diagnostics) {
        bool error = diagnostic.severity == config::Severity::error;
        errors += error;
        config::Diagnostic shown = diagnostic;
        if (!error) shown.subject = shown.subject.empty() ? "warning" : "warning: " + shown.subject;
        fmt::print(stderr, "{}\n", config::to_string(shown));
    }
    return {errors, diagnostics.size() - errors};
}

}  // namespace weir::cli
