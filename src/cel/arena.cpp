#include "cel/arena.h"

#include <algorithm>
#include <cstring>

namespace weir::cel {

Arena::~Arena() {
    while (blocks_) {
        Block* next = blocks_->next;
        ::operator delete(blocks_);
        blocks_ = next;
    }
}

void* Arena::allocate(size_t bytes) {
    if (bytes > left_) {
        if (bytes > limit_) {
            exhausted_ = true;
            return nullptr;
        }
        bytes = (bytes + kAlign - 1) / kAlign * kAlign;
        if (bytes > left_) return grow(bytes);
    }
    const size_t rounded = std::min((bytes + kAlign - 1) / kAlign * kAlign, left_);
    void* out = at_;
    at_ += rounded;
    left_ -= rounded;
    return out;
}

void* Arena::grow(size_t bytes) {
    constexpr size_t kBlock = 16 * 1024 - sizeof(Block);
    const size_t size = std::max(bytes, std::min(kBlock, limit_));
    if (size > limit_) {
        exhausted_ = true;
        return nullptr;
    }
    limit_ -= size;
    auto* block = static_cast<Block*>(::operator new(sizeof(Block) + size));
    block->next = blocks_;
    blocks_ = block;
    auto* first = reinterpret_cast<std::byte*>(block + 1);
    if (size - bytes > left_) {  // the rest of the new block is more than what is left of the old
        at_ = first + bytes;
        left_ = size - bytes;
    }
    return first;
}

std::string_view Arena::copy(std::string_view text) {
    char* out = this->text(text.size());
    if (!out || text.empty()) return {};
    std::memcpy(out, text.data(), text.size());
    return {out, text.size()};
}

}  // namespace weir::cel
