/// Bytes of a body that have come and wait for who reads it: never more than the stream's window.
///
/// Two buffers: what is lent to the reader, and what arrives meanwhile. What was lent goes back as
/// window credit when the reader comes for more, so a reader that stops stops the sender.
/// Threads: the worker's.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "http/held_body.h"

namespace weir::http::h2 {

class Inbox {
public:
    void put(std::string_view bytes) {
        std::size_t needed = arrived_.size() + bytes.size() + kBodyPadding;
        if (arrived_.capacity() < needed) arrived_.reserve(std::max(needed, 2 * arrived_.size()));
        arrived_.append(bytes);
    }
    bool empty() const { return arrived_.empty(); }
    /// What has arrived and not been taken, followed by kBodyPadding readable bytes.
    std::string_view arrived() const { return arrived_; }
    /// Lends what has arrived until the next take() or clear().
    std::string_view take() {
        lent_.clear();
        std::swap(lent_, arrived_);
        owed_ += lent_.size();
        return lent_;
    }
    /// Bytes taken whose window credit has not been given back; they are no longer owed then.
    std::size_t settle() { return std::exchange(owed_, 0); }
    /// Bytes whose window credit has not been given back.
    std::size_t unsettled() const { return arrived_.size() + owed_; }
    void clear() {
        owed_ = 0;
        shrink(arrived_);
        shrink(lent_);
    }

private:
    static void shrink(std::string& buffer) {
        constexpr std::size_t kKeep = 8 * 1024;
        if (buffer.capacity() > kKeep)
            std::string().swap(buffer);
        else
            buffer.clear();
    }
    std::string arrived_;
    std::string lent_;
    std::size_t owed_ = 0;
};

}  // namespace weir::http::h2
