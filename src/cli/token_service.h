/// The loop that fetches tokens: a thread of its own, begun when the first source is configured.
///
/// Threads: the main thread's; the desk inside has its own rules.
#pragma once
#include <random>

#include "cli/worker_runtime.h"
#include "credential/token_desk.h"

namespace weir::cli {

class TokenService {
public:
    /// `clock` outlives the service.
    TokenService(int id, const Clock& clock);
    ~TokenService();

    credential::TokenDesk& desk() { return desk_; }
    /// Gives issuers a moment to answer, so that the configuration that comes into force finds its
    /// tokens; says which do not.
    void settle();
    void stop() { loop_.stop(); }

private:
    LoopThread loop_;
    net::Resolver resolver_;
    http::ClientPool pool_;
    std::minstd_rand random_;  // the loop's
    credential::TokenDesk desk_;
    bool running_ = false;
};

}  // namespace weir::cli
