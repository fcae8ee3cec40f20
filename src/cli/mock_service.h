/// The mock provider on a loop of its own: for `weir mock`, and inside `weir run --mock`.
#pragma once
#include <memory>
#include <string>

#include "cli/worker_runtime.h"
#include "mock/provider.h"

namespace weir::cli {

/// Rules for the mock provider from a JSON file (docs/mock.md); an empty path means none. Fails
/// with config.io or config.invalid, naming the file.
Result<std::shared_ptr<const mock::Script>> load_mock_script(const std::string& path);

class MockService {
public:
    /// Several share one ledger.
    MockService(int id, std::shared_ptr<const mock::Script> script,
                std::shared_ptr<mock::Ledger> ledger = {});
    /// Before start().
    void listen(int fd) { server_.listen(fd); }
    void start() { loop_.start(); }
    void stop();

private:
    LoopThread loop_;
    mock::MockServer server_;
};

}  // namespace weir::cli
