/// Where a process says what it listens on.
#pragma once
#include <map>
#include <string>

#include "base/error.h"

namespace weir::cli {

/// Writes {"listeners":{name: address, …},"admin": address} whole or not at all (a rename). `admin`
/// may be empty.
Result<void> write_ready_file(const std::string& path,
                              const std::map<std::string, std::string>& listeners,
                              const std::string& admin);

}  // namespace weir::cli
