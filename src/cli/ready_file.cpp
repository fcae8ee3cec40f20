#include "cli/ready_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "json/value.h"

namespace weir::cli {

Result<void> write_ready_file(const std::string& path,
                              const std::map<std::string, std::string>& listeners,
                              const std::string& admin) {
    json::Value addresses = json::Value::object();
    for (const auto& [name, address] : listeners)
        addresses.set(name, json::Value::string(address));
    json::Value content;
    content.set("listeners", std::move(addresses));
    if (!admin.empty()) content.set("admin", json::Value::string(admin));
    std::string temporary = path + ".tmp";
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << json::serialize(content) << '\n';
    file.close();
    if (!file || std::rename(temporary.c_str(), path.c_str()) != 0)
        return fail(codes::config_io, fmt::format("--ready-file {}: cannot be written: {}", path,
                                                  std::strerror(errno)));
    return {};
}

}  // namespace weir::cli
