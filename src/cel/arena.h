/// Memory of one evaluation: handed out piece by piece, given back all at once.
///
/// The first kilobyte lies in the Arena itself, so an evaluation that makes little allocates
/// nothing; more comes in blocks from the heap, up to a limit. Whatever a Value points to that is
/// neither the program's nor the activation's is here, so the Arena must outlive the Values that an
/// evaluation returned. Only for types without a destructor. Threads: one at a time.
#pragma once
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weir::cel {

class Arena {
public:
    // The inline kilobyte stays as it is: clearing it would cost more than most evaluations.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    explicit Arena(size_t limit = 1024 * 1024) : limit_(limit) {}
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// Null if that would exceed the limit; from then on exhausted() is true.
    void* allocate(size_t bytes);
    /// Null if the limit is reached.
    template <class T, class... Args>
    T* make(Args&&... args) {
        static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlign);
        void* at = allocate(sizeof(T));
        return at ? ::new (at) T(std::forward<Args>(args)...) : nullptr;
    }
    /// `count` default values; data() is null if the limit is reached (and for a count of zero).
    template <class T>
    std::span<T> array(size_t count) {
        static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlign);
        if (count == 0 || count > limit_ / sizeof(T)) return exhaust_unless<T>(count == 0);
        void* at = allocate(count * sizeof(T));
        if (!at) return {};
        T* first = static_cast<T*>(at);
        std::uninitialized_default_construct_n(first, count);
        return {first, count};
    }
    /// A copy of the text; empty if the limit is reached.
    std::string_view copy(std::string_view text);
    /// Room for `size` bytes of text, to be filled by the caller; null if the limit is reached.
    char* text(size_t size) { return static_cast<char*>(allocate(size)); }
    bool exhausted() const { return exhausted_; }
    /// Bytes that may still be had, roughly.
    size_t room() const { return exhausted_ ? 0 : left_ + limit_; }

private:
    static constexpr size_t kAlign = 8;
    static constexpr size_t kInline = 1024;
    struct Block {
        Block* next;
    };
    template <class T>
    std::span<T> exhaust_unless(bool fine) {
        exhausted_ |= !fine;
        return {};
    }
    void* grow(size_t bytes);

    std::byte* at_ = inline_;
    size_t left_ = kInline;
    size_t limit_;  ///< what may still be taken from the heap
    Block* blocks_ = nullptr;
    bool exhausted_ = false;
    alignas(kAlign) std::byte inline_[kInline];
};

}  // namespace weir::cel
