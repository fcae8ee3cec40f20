/// What outlives every snapshot of the limits: their counters, the key hasher, tokenizers and what
/// was learned about models. Tended by a thread of its own.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "cli/state_file.h"
#include "proxy/gateway.h"
#include "quota/registry.h"
#include "snapshot/snapshot.h"

namespace weir::cli {

class LimitState {
public:
    /// Counters in `state_dir`, or in memory if it is empty. Fails as StateFile::open().
    static Result<std::unique_ptr<LimitState>> create(const std::string& state_dir, bool takeover,
                                                      const Clock& clock);
    ~LimitState();

    quota::Registry& registry() { return *registry_; }
    proxy::Limiting limiting() { return {*hasher_, vocabularies_, calibration_}; }
    /// Loads the tokenizers that the snapshot's limits need. Takes tens of milliseconds for each.
    void prepare(const snapshot::Snapshot& snapshot);
    /// Begins to tend the counters: idle keys expire, room is made ahead.
    void start();
    /// Ends that. What is counted is for the next process from now on.
    void stop();

private:
    explicit LimitState(const Clock& clock) : clock_(clock) {}
    void tend();
    const Clock& clock_;
    std::unique_ptr<StateFile> file_;
    quota::HeapArena heap_;
    std::unique_ptr<quota::Registry> registry_;
    std::unique_ptr<quota::KeyHasher> hasher_;
    tokens::Vocabularies vocabularies_;
    tokens::Calibration calibration_;
    std::mutex lock_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace weir::cli
