/// The blocks of a client's stream that are open, for dialects whose blocks follow one another.
///
/// What begins ends what is open. Only a call whose arguments are not complete stays open beside
/// the next (providers may send parallel calls in turns); its pieces carry its index. A text that
/// goes on after it was ended gets a block of its own. One stream, one thread.
#pragma once
#include <string_view>
#include <vector>

#include "dialect/conversation.h"

namespace weir::dialect {

/// How far the JSON text of some arguments has come.
class ArgumentsText {
public:
    void read(std::string_view text);
    bool complete() const { return begun_ && depth_ == 0; }

private:
    int depth_ = 0;
    bool begun_ = false;
    bool in_string_ = false;
    bool escaped_ = false;
};

class OpenBlocks {
public:
    struct Block {
        int part;
        int index;  ///< in the client's stream
        Event::Type type;
        ArgumentsText arguments = {};
    };

    Block* find(int part) {
        for (auto& block : open_)
            if (block.part == part) return &block;
        return nullptr;
    }
    /// Begins a block; `close` is called for each that ends before.
    template <class Close>
    Block& begin(int part, Event::Type type, Close close) {
        std::erase_if(open_, [&](const Block& block) {
            if (block.type == Event::Type::tool_call && !block.arguments.complete()) return false;
            close(block);
            return true;
        });
        return open_.emplace_back(Block{part, next_++, type});
    }
    template <class Close>
    void end(int part, Close close) {
        std::erase_if(open_, [&](const Block& block) {
            if (block.part != part) return false;
            close(block);
            return true;
        });
    }
    template <class Close>
    void end_all(Close close) {
        for (const auto& block : open_)
            close(block);
        open_.clear();
    }

private:
    std::vector<Block> open_;
    int next_ = 0;
};

}  // namespace weir::dialect
