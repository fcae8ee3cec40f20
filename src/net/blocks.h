/// 64 KiB read buffers, lent out and taken back per worker.
///
/// A connection takes a Block only once its socket has something to read, and gives it back when it
/// goes idle, so idle connections and idle streams own none. Threads: one worker.
#pragma once
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace weir::net {

class Blocks {
public:
    static constexpr std::size_t kSize = 64 * 1024;

    /// Owns one buffer; returns it on destruction. The Blocks must outlive it.
    class Block {
    public:
        Block() = default;
        Block(Block&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)),
              data_(std::exchange(other.data_, nullptr)) {}
        Block& operator=(Block&& other) noexcept {
            if (this != &other) {
                reset();
                owner_ = std::exchange(other.owner_, nullptr);
                data_ = std::exchange(other.data_, nullptr);
            }
            return *this;
        }
        ~Block() { reset(); }
        explicit operator bool() const { return data_ != nullptr; }
        char* data() { return data_; }
        const char* data() const { return data_; }
        static constexpr std::size_t size() { return kSize; }
        void reset();

    private:
        friend Blocks;
        Block(Blocks* owner, char* data) : owner_(owner), data_(data) {}
        Blocks* owner_ = nullptr;
        char* data_ = nullptr;
    };

    Blocks() = default;
    ~Blocks();
    Blocks(const Blocks&) = delete;
    Blocks& operator=(const Blocks&) = delete;
    Block take();
    std::size_t lent() const { return lent_; }

private:
    static constexpr std::size_t kKeep = 32;  // spare buffers held back for the next burst
    std::vector<char*> free_;
    std::size_t lent_ = 0;
};

}  // namespace weir::net
