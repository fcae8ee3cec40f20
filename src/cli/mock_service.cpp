#include "cli/mock_service.h"

#include <fmt/format.h>

#include "cli/load.h"
#include "control/files.h"

namespace weir::cli {

Result<std::shared_ptr<const mock::Script>> load_mock_script(const std::string& path) {
    if (path.empty()) return std::make_shared<const mock::Script>();
    WEIR_TRY(auto documents, control::read_documents({path}));
    auto script = mock::Script::parse(documents.front().text);
    if (!script)
        return fail(script.error().code(), fmt::format("{}: {}", path, script.error().detail()));
    return script;
}

MockService::MockService(int id, std::shared_ptr<const mock::Script> script,
                         std::shared_ptr<mock::Ledger> ledger)
    : loop_(id, "mock"), server_(loop_.worker(), std::move(script), {}, std::move(ledger)) {}

void MockService::stop() {
    loop_.call([this] { server_.close(); });
    loop_.stop();
}

}  // namespace weir::cli
