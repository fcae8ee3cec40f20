#include "cli/token_service.h"

#include "base/log.h"

namespace weir::cli {

namespace {
constexpr std::chrono::seconds kPatience{5};
}

TokenService::TokenService(int id, const Clock& clock)
    : loop_(id, "tokens"),
      resolver_(loop_.worker()),
      pool_(loop_.worker(), resolver_, {}),
      random_(std::random_device{}()),
      desk_(loop_.worker(), pool_, clock,
            [this] { return std::uniform_real_distribution<double>(0, 1)(random_); }) {}

TokenService::~TokenService() {
    loop_.stop();
}

void TokenService::settle() {
    if (desk_.has_news() && !std::exchange(running_, true)) loop_.start();
    if (!desk_.settle(kPatience))
        log::warn("some backends have no token yet; requests for them get 503 until they do");
}

}  // namespace weir::cli
