/// Host names to addresses, off the loop, cached per worker for as long as DNS allows.
///
/// An answer is kept for its TTL, within kShortest and kLongest (a TTL of nothing must not mean a
/// look-up per request, one of a week must not outlive a provider's move). Look-ups of one name are
/// joined: whoever asks while one is under way waits for the same answer. When a look-up fails, or
/// takes longer than kPatience, the old addresses serve for kStale more; a failure is remembered
/// for kShortest. Literal addresses are never looked up. Threads: one Resolver per worker; it
/// outlives the tasks that wait on it.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "net/name_lookup.h"
#include "net/task.h"

namespace weir::net {

class CancelSource;

class Resolver {
public:
    static constexpr std::chrono::seconds kShortest{1};
    static constexpr std::chrono::seconds kLongest{300};
    static constexpr std::chrono::seconds kStale{300};
    static constexpr std::chrono::milliseconds kPatience{500};

    explicit Resolver(Worker& worker) : Resolver(worker, {}, nullptr) {}
    /// `clock` (for the ages of answers) may be null: the machine's.
    Resolver(Worker& worker, NameLookup::Options options, const Clock* clock);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// All addresses in the resolver's order. Fails with upstream.dns or, at `deadline`,
    /// upstream.connect_timeout.
    Task<Result<std::vector<Address>>> resolve(std::string host, uint16_t port, TimePoint deadline,
                                               CancelSource* cancel);

private:
    class Wait;
    struct Entry;
    void begin(const std::string& host, const std::shared_ptr<Entry>& entry);
    void learn(Entry& entry, NameLookup::Answer answer) const;
    void sweep();
    TimePoint now() const;

    Worker& worker_;
    const Clock* clock_;
    std::unordered_map<std::string, std::shared_ptr<Entry>> cache_;  // by host
    NameLookup lookup_;
};

}  // namespace weir::net
