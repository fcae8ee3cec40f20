/// What a stream has to send now: pieces that stay where their owner keeps them.
///
/// Filled by who writes, who waits until it is empty; emptied by the connection as windows and the
/// socket allow. So nothing is kept for a peer that does not read. Threads: the worker's.
#pragma once
#include <sys/uio.h>

#include <cstring>
#include <span>
#include <string_view>

#include "net/stream.h"

namespace weir::http::h2 {

class Outbox {
public:
    void fill(std::span<iovec> pieces, bool last) {
        pieces_ = net::consume(pieces, 0);
        size_ = 0;
        for (const auto& piece : pieces_)
            size_ += piece.iov_len;
        last_ = last;
    }
    std::size_t size() const { return size_; }
    bool last() const { return last_; }
    bool ended() const { return ended_; }
    /// Nothing is left that the writer waits for.
    bool delivered() const { return size_ == 0 && (!last_ || ended_); }
    void end() { ended_ = true; }
    /// Moves `size` bytes to `out`.
    void move_to(char* out, std::size_t size) {
        size_ -= size;
        for (std::size_t left = size; left > 0;) {
            std::size_t n = std::min(left, pieces_.front().iov_len);
            std::memcpy(out, pieces_.front().iov_base, n);
            out += n;
            left -= n;
            pieces_ = net::consume(pieces_, n);
        }
    }
    void clear() { *this = Outbox(); }
    /// The writer has gone: what it kept must not be touched again.
    void abandon() {
        pieces_ = {};
        size_ = 0;
    }

private:
    std::span<iovec> pieces_;
    std::size_t size_ = 0;
    bool last_ = false;   ///< the body ends with what is here
    bool ended_ = false;  ///< its end has been handed over
};

}  // namespace weir::http::h2
