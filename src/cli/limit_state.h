/// What outlives every snapshot of the limits: their counters, the key hasher, tokenizers and what
/// was learned about models. Tended by a thread of its own.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "cli/lease_service.h"
#include "cli/state_file.h"
#include "proxy/gateway.h"
#include "quota/registry.h"
#include "snapshot/snapshot.h"

namespace weir::cli {

class LimitState {
public:
    struct Where {
        std::string state_dir;  ///< of the counters; empty: in memory
        RedisLink redis;        ///< what shares them with other instances; empty: nothing
        int loop = 0;           ///< number of the loop that talks to it
        bool takeover = false;
    };
    /// Fails as StateFile::open() and LeaseService::create().
    static Result<std::unique_ptr<LimitState>> create(const Where& where, const Clock& clock);
    ~LimitState();

    quota::Registry& registry() { return *registry_; }
    proxy::Limiting limiting() { return {*hasher_, vocabularies_, calibration_, leases_.get()}; }
    /// Null: limits are not shared.
    const LeaseService* leases() const { return leases_.get(); }
    /// Loads the tokenizers that the snapshot's limits need. Takes tens of milliseconds for each.
    void prepare(const snapshot::Snapshot& snapshot);
    /// Reaches for the store that shares them, if there is one. Before anything serves.
    void connect();
    /// Begins to tend the counters: idle keys expire, room is made ahead.
    void start();
    /// Ends that, and begins to give leases back. What is counted is for the next process from now
    /// on.
    void drain();
    /// Once no exchange runs any more.
    void stop();

private:
    explicit LimitState(const Clock& clock) : clock_(clock) {}
    void tend();
    const Clock& clock_;
    std::unique_ptr<StateFile> file_;
    quota::HeapArena heap_;
    std::unique_ptr<quota::Registry> registry_;
    std::unique_ptr<quota::KeyHasher> hasher_;
    std::unique_ptr<LeaseService> leases_;
    tokens::Vocabularies vocabularies_;
    tokens::Calibration calibration_;
    std::mutex lock_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace weir::cli
