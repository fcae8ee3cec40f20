/// The desk where tokens are fetched, kept fresh and handed to whoever needs the same.
///
/// A configuration is compiled on the main thread and asks for its sources by key; a reload that
/// means the same source gets the same one, with its token. `settle` then starts a refresher for
/// each new source on the desk's loop, gives the issuers a moment to answer, so that no request
/// meets a token that is not there yet, and lets go of sources that nobody uses any more.
///
/// Failures are logged, once per fetch, with the issuer's reason and never with a secret.
/// Threads: `source` and `settle` on the main thread; refreshers on the loop. The loop has stopped
/// when the desk is destroyed.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "credential/http_caller.h"
#include "credential/token_source.h"

namespace weir::credential {

/// A digest of what makes two sources the same: names, URLs, secrets.
std::string source_key(const std::vector<std::string_view>& parts);

class TokenDesk {
public:
    /// All outlive the desk. `dice` is called on the loop and returns a number in [0, 1).
    TokenDesk(net::Worker& worker, http::ClientPool& pool, const Clock& clock,
              std::function<double()> dice);
    ~TokenDesk();
    TokenDesk(const TokenDesk&) = delete;
    TokenDesk& operator=(const TokenDesk&) = delete;

    /// The source of that key, or `make`'s, kept.
    std::shared_ptr<TokenSource> source(const std::string& key,
                                        const std::function<std::shared_ptr<TokenSource>()>& make);
    /// There are sources whose refresher has not begun: the loop has to run, then settle().
    bool has_news() const;
    /// True if every source has a token; false if some issuer did not give one within `patience`.
    bool settle(std::chrono::milliseconds patience);

private:
    struct Refresher;
    static net::Task<void> run(TokenDesk& desk, std::shared_ptr<Refresher> self);
    net::Task<Result<void>> refresh(Refresher& self);
    bool all_issued() const;

    net::Worker& worker_;
    http::ClientPool& pool_;
    const Clock& clock_;
    std::function<double()> dice_;
    std::map<std::string, std::shared_ptr<Refresher>> refreshers_;  // by key; the main thread's
    std::mutex mutex_;                                              // with issued_, for settle()
    std::condition_variable issued_;
};

}  // namespace weir::credential
