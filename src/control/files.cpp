#include "control/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace weir::control {
namespace {

namespace fs = std::filesystem;
constexpr uintmax_t kMaxFile = uintmax_t{64} << 20;

Result<void> add_folder(const std::string& path, std::vector<config::Document>& documents) {
    std::error_code error;
    std::vector<std::string> files;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error))
        if (entry->is_regular_file() && is_manifest(entry->path().native()))
            files.push_back(entry->path().string());
    if (error)
        return fail(codes::config_io, fmt::format("{}: cannot be read: {}", path, error.message()));
    if (files.empty())
        return fail(codes::config_io,
                    fmt::format("{}: the folder holds no *.yaml, *.yml or *.json file", path));
    std::ranges::sort(files);
    for (const auto& file : files) {
        WEIR_TRY(std::string text, read_file(file));
        documents.push_back({file, std::move(text)});
    }
    return {};
}

}  // namespace

bool is_manifest(std::string_view file_name) {
    return file_name.ends_with(".yaml") || file_name.ends_with(".yml") ||
           file_name.ends_with(".json");
}

Result<std::string> read_file(std::string_view path) {
    std::error_code error;
    fs::path file_path(path);
    if (fs::file_size(file_path, error) > kMaxFile && !error)
        return fail(codes::config_io,
                    fmt::format("{}: larger than 64 MiB, which no configuration is", path));
    std::ifstream file(file_path, std::ios::binary);
    if (!file)
        return fail(codes::config_io,
                    fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::vector<config::Document>> read_documents(const std::vector<std::string>& paths) {
    std::vector<config::Document> documents;
    for (const auto& path : paths) {
        std::error_code error;
        if (path == "-") {
            documents.push_back(
                {"<stdin>", std::string(std::istreambuf_iterator<char>(std::cin), {})});
        } else if (fs::is_directory(path, error)) {
            WEIR_CHECK(add_folder(path, documents));
        } else {
            WEIR_TRY(std::string text, read_file(path));
            documents.push_back({path, std::move(text)});
        }
    }
    return documents;
}

}  // namespace weir::control
