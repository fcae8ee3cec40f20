/// A text that grows piece by piece, within what the evaluation may still spend. What does not fit
/// is not added, and then the evaluation is over.
#pragma once
#include <string>
#include <string_view>

#include "cel/run.h"

namespace weir::cel {

class TextBuilder {
public:
    explicit TextBuilder(Run& run) : run_(run) {}
    void add(std::string_view piece) {
        if (!run_.charge_text(piece.size())) return;
        if (text_.size() + piece.size() <= run_.arena.room()) {
            text_.append(piece);
        } else {
            run_.charge(UINT64_MAX);
        }
    }
    size_t size() const { return text_.size(); }
    const std::string& text() const { return text_; }
    /// The text as a Value in the arena.
    Value finish() { return run_.string(text_); }

private:
    Run& run_;
    std::string text_;
};

}  // namespace weir::cel
