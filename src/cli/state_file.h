/// Counters that survive the process: a file of blocks (quota/block.h) mapped into memory.
///
/// What workers count is in the file's pages at once and costs no write: SIGKILL loses nothing, and
/// what was reserved stays counted. Only a crash of the machine may lose what its kernel had not
/// written yet (some 30 seconds, unless sync() was called). The file also keeps the secret of the
/// KeyHasher, so that keys stay the same; it is readable by its owner only.
///
/// One process at a time counts in a file. In a takeover the old process and the new one share it
/// until the old one is gone: counts and holds are atomics in shared pages, each has new blocks of
/// its own, and nobody reuses what the other may still look at.
///
/// Threads: any. take() and give_back() lock; room is made ahead by tend(), so that take() asks the
/// file system for more only when a burst of new keys outruns it.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "quota/block.h"
#include "quota/key.h"

namespace weir::cli {

class StateFile final : public quota::Arena {
public:
    /// FOLDER/limits.state, made if need be. `takeover`: another process may still use it. Fails
    /// with config.io: unreadable, another version's, or in use.
    static Result<std::unique_ptr<StateFile>> open(const std::string& folder, bool takeover);
    ~StateFile() override;

    /// What an earlier process, or (not alone()) the present one, counted in. Once.
    std::vector<quota::Block> take_kept() { return std::move(kept_); }
    bool alone() const { return alone_; }
    quota::KeyHasher hasher() const;

    quota::Block take(std::size_t bytes) override;
    void give_back(quota::Block block) override;
    /// Makes room ahead, and becomes the only owner once the other process is gone. Seldom.
    void tend();
    /// From now on nothing is given back: what is counted is for the next process.
    void seal() { sealed_ = true; }
    void sync();

private:
    struct Head;
    StateFile() = default;
    Result<void> begin(const std::string& path, bool takeover);
    Result<void> map(const std::string& path);
    bool grow(std::size_t size);
    Head& head() const;
    std::byte* at(std::size_t offset) const { return base_ + offset; }
    bool is_mine(quota::Block block) const;

    int file_ = -1;
    std::byte* base_ = nullptr;
    bool alone_ = false;
    std::atomic<bool> sealed_{false};
    std::vector<quota::Block> kept_;
    std::mutex lock_;
    std::size_t size_ = 0;  // of the file
    std::vector<quota::Block> free_;
    quota::HeapArena heap_;  // when the disk is full
};

}  // namespace weir::cli
