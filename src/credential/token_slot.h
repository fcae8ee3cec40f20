/// Where a fresh token meets the requests that carry it.
///
/// One writer (the refresher's loop) publishes, every worker reads; readers take no lock and copy
/// nothing. Two sides: requests read the current one and count themselves in and out of it, the
/// writer fills the other once nobody is left in it, then turns over. A token that was replaced is
/// therefore wiped when the next one but it arrives, never under a reader's eyes.
///
/// Why it is sound: a reader first counts itself in, then looks whether its side is still current;
/// the writer first turns over, then looks for readers in the old side. All of these are
/// sequentially consistent, so at least one sees the other.
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "credential/issued.h"

namespace weir::credential {

class TokenSlot {
public:
    TokenSlot() = default;
    TokenSlot(const TokenSlot&) = delete;
    TokenSlot& operator=(const TokenSlot&) = delete;

    /// What `read` returns for the current token; null before the first. `read` must not wait, and
    /// may not keep the pointer.
    template <class Read>
    auto with(Read&& read) const {
        while (true) {
            int side = current_.load();
            if (side == kNone) return read(static_cast<const Issued*>(nullptr));
            const Visit visit(sides_[static_cast<std::size_t>(side)].readers);
            if (current_.load() == side)
                return read(
                    const_cast<const Issued*>(sides_[static_cast<std::size_t>(side)].token.get()));
        }
    }

    /// The writer's. False while a reader of the token before the last is still at it: `token` is
    /// untouched then; try again soon.
    bool publish(std::unique_ptr<const Issued>& token) {
        const int next = current_.load() == 0 ? 1 : 0;
        Side& side = sides_[static_cast<std::size_t>(next)];
        if (side.readers.load() != 0) return false;
        side.token = std::move(token);
        current_.store(next);
        return true;
    }

private:
    static constexpr int kNone = -1;
    struct alignas(64) Side {
        std::unique_ptr<const Issued> token;
        mutable std::atomic<int> readers{0};
    };
    class Visit {
    public:
        explicit Visit(std::atomic<int>& readers) : readers_(readers) { readers_.fetch_add(1); }
        ~Visit() { readers_.fetch_sub(1); }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

    private:
        std::atomic<int>& readers_;
    };

    std::array<Side, 2> sides_;
    std::atomic<int> current_{kNone};
};

}  // namespace weir::credential
