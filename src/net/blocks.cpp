#include "net/blocks.h"

#include <cstdlib>
#include <new>

namespace weir::net {

Blocks::~Blocks() {
    for (char* data : free_)
        ::operator delete(data, kSize);
}

Blocks::Block Blocks::take() {
    ++lent_;
    if (free_.empty()) return {this, static_cast<char*>(::operator new(kSize))};
    char* data = free_.back();
    free_.pop_back();
    return {this, data};
}

void Blocks::Block::reset() {
    if (!data_) return;
    --owner_->lent_;
    if (owner_->free_.size() < kKeep)
        owner_->free_.push_back(data_);
    else
        ::operator delete(data_, kSize);
    data_ = nullptr;
    owner_ = nullptr;
}

}  // namespace weir::net
