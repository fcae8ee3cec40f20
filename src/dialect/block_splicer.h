/// What the splicers of dialects have in common whose answers are numbered blocks (Anthropic's
/// content blocks, Cohere's contents, Converse's content blocks): which block of the provider that
/// speaks now is which of the client's answer, and which is open.
///
/// The text goes on in the block that is open; what a model thinks again would stand behind text
/// and is left out; every other block gets the next number. One stream, one thread; internal to
/// dialect/.
#pragma once
#include <cstdint>
#include <vector>

#include "dialect/stream_splicer.h"

namespace weir::dialect {

class BlockSplicer : public StreamSplicer {
public:
    using StreamSplicer::StreamSplicer;

    Obstacle obstacle() const override;
    void resume(const ContinuedStream::Resumption& resumption) override;

protected:
    static constexpr int64_t kNone = -1;
    enum class Kind : uint8_t { text, thinking, other };

    // Of events as the client gets them.
    void note_begin(int64_t index, Kind kind);
    void note_end();

    // Of events of a continuation, by the numbers of its provider.
    bool knows(int64_t theirs) const { return find(theirs) != nullptr; }
    /// The client's number; kNone: the client does not get that block.
    int64_t mapped(int64_t theirs) const;
    /// Finds a place for a block that begins, and returns its number or kNone. It is a new block of
    /// the client's if is_new(number); then `before` has the end of the text that was open.
    int64_t place(int64_t theirs, Kind kind, std::string& before);
    bool is_new(int64_t ours) const { return ours == next_; }
    /// Ends the text that is open, if one is.
    void close_text(std::string& before);

private:
    struct Block {
        int64_t theirs;
        int64_t ours;  ///< or kNone
    };
    /// Appends the event that ends the client's block of that number.
    virtual void write_end(int64_t index, std::string& out) const = 0;
    const Block* find(int64_t theirs) const;

    int64_t next_ = 0;
    int64_t open_text_ = kNone;
    bool thinking_ = false;
    std::vector<Block> blocks_;  ///< of the provider that speaks now
};

}  // namespace weir::dialect
