#include "cli/mock_service.h"
namespace weir::cli {
struct MockService::Parts {};
MockService::MockService(int) {}
MockService::~MockService() = default;
Result<void> MockService::load_script(const std::string&) {
    return fail(codes::config_invalid, "mock not built");
}
void MockService::listen(int) {}
void MockService::start() {}
void MockService::stop() {}
}  // namespace weir::cli
