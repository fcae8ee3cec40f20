/// The mock provider on a loop of its own: for `weir mock`, and inside `weir run --mock`.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cli/worker_runtime.h"

namespace weir::cli {

class MockService {
public:
    explicit MockService(int id);
    ~MockService();
    /// Rules from a file (docs/mock.md); an empty path means none.
    Result<void> load_script(const std::string& path);
    /// Before start().
    void listen(int fd);
    void start();
    void stop();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace weir::cli
