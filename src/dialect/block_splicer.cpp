#include "dialect/block_splicer.h"

#include <algorithm>

namespace weir::dialect {

Obstacle BlockSplicer::obstacle() const {
    Obstacle found = StreamSplicer::obstacle();
    bool open = found == Obstacle::none || found == Obstacle::nothing_said;
    return open && thinking_ ? Obstacle::reasoning : found;
}

void BlockSplicer::resume(const ContinuedStream::Resumption& resumption) {
    StreamSplicer::resume(resumption);
    blocks_.clear();
}

void BlockSplicer::note_begin(int64_t index, Kind kind) {
    next_ = std::max(next_, index + 1);
    open_text_ = kind == Kind::text ? index : kNone;
    thinking_ = kind == Kind::thinking;
}

void BlockSplicer::note_end() {
    open_text_ = kNone;
    thinking_ = false;
}

/// The latest of that number: some providers begin a number again.
const BlockSplicer::Block* BlockSplicer::find(int64_t theirs) const {
    auto found = std::find_if(blocks_.rbegin(), blocks_.rend(),
                              [&](const Block& block) { return block.theirs == theirs; });
    return found == blocks_.rend() ? nullptr : &*found;
}

int64_t BlockSplicer::mapped(int64_t theirs) const {
    const Block* block = find(theirs);
    return block ? block->ours : kNone;
}

int64_t BlockSplicer::place(int64_t theirs, Kind kind, std::string& before) {
    int64_t ours = kNone;
    if (kind == Kind::text && open_text_ != kNone) {
        ours = open_text_;
    } else if (kind != Kind::thinking) {
        close_text(before);
        ours = next_;
    }
    blocks_.push_back({theirs, ours});
    return ours;
}

void BlockSplicer::close_text(std::string& before) {
    if (open_text_ != kNone) write_end(std::exchange(open_text_, kNone), before);
}

}  // namespace weir::dialect
