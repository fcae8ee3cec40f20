// Continuing streams of Bedrock's ConverseStream. An event's name, that stands in the head of its
// frame, is here its member "type".
#include <algorithm>
#include <vector>

#include "dialect/eventstream.h"
#include "dialect/stream_splicer.h"
#include "dialect/writer.h"

namespace weir::dialect {
namespace {

int64_t index_of(const json::Value& event) {
    const json::Value* index = event.find("contentBlockIndex");
    return index ? index->as_int().value_or(0) : 0;
}

class ConverseSplicer final : public StreamSplicer {
public:
    using StreamSplicer::StreamSplicer;

    /// Exceptions are frames of another kind: who reads frames knows them.
    bool is_error(const json::Value&) const override { return false; }
    std::string_view name(const json::Value& event) const override {
        return event.string_at("type");
    }

    void note(const json::Value& event) override {
        std::string_view type = event.string_at("type");
        if (type == "contentBlockStart") {
            next_ = std::max(next_, index_of(event) + 1);
            hinder(Obstacle::tool_call);  // nothing else is announced
        } else if (type == "contentBlockDelta") {
            next_ = std::max(next_, index_of(event) + 1);
            if (const json::Value* delta = event.find("delta")) note_delta(*delta, index_of(event));
        } else if (type == "contentBlockStop") {
            open_text_ = kNone;
            thinking_ = false;
        } else if (type == "messageStop") {
            done();
        }
    }

    bool rewrite(json::Value& event, std::string& before) override {
        std::string_view type = event.string_at("type");
        if (type == "messageStart") return false;
        if (type == "contentBlockStart" || type == "contentBlockDelta") {
            json::Value* delta = event.find("delta");
            int64_t index = place(event, delta, before);
            if (index == kNone) return false;
            event.set("contentBlockIndex", json::Value::integer(index));
            return !delta || trim(delta->find("text"));
        }
        if (type == "contentBlockStop") {
            int64_t index = mapped(index_of(event));
            event.set("contentBlockIndex", json::Value::integer(index));
            return index != kNone;
        }
        if (type == "messageStop") close_text(before);
        add_spent(event.find("usage"), "inputTokens", "outputTokens", "totalTokens");
        return true;
    }

    Obstacle obstacle() const override {
        Obstacle found = StreamSplicer::obstacle();
        bool open = found == Obstacle::none || found == Obstacle::nothing_said;
        return open && thinking_ ? Obstacle::reasoning : found;
    }

    void resume(const ContinuedStream::Resumption& resumption) override {
        StreamSplicer::resume(resumption);
        blocks_.clear();
    }

private:
    static constexpr int64_t kNone = -1;
    struct Block {
        int64_t theirs;
        int64_t ours;  ///< or kNone: the client does not get it
    };

    void note_delta(const json::Value& delta, int64_t index) {
        thinking_ = delta.find("reasoningContent") != nullptr;
        if (delta.find("toolUse")) hinder(Obstacle::tool_call);
        if (const json::Value* text = delta.find("text"); text && text->is_string()) {
            open_text_ = index;
            say(text->text());
        }
    }

    bool knows(int64_t theirs) const {
        return std::ranges::find(blocks_, theirs, &Block::theirs) != blocks_.end();
    }
    int64_t mapped(int64_t theirs) const {
        auto found = std::ranges::find(blocks_, theirs, &Block::theirs);
        return found == blocks_.end() ? kNone : found->ours;
    }

    /// Where a block of the second provider stands in the client's answer.
    int64_t place(const json::Value& event, const json::Value* delta, std::string& before) {
        int64_t theirs = index_of(event);
        if (knows(theirs)) return mapped(theirs);
        if (delta && delta->find("reasoningContent")) {  // it would stand behind the text
            blocks_.push_back({theirs, kNone});
        } else if (delta && delta->find("text") && open_text_ != kNone) {
            blocks_.push_back({theirs, open_text_});
        } else {
            close_text(before);
            blocks_.push_back({theirs, next_});
        }
        return blocks_.back().ours;
    }

    void close_text(std::string& before) {
        if (open_text_ == kNone) return;
        std::string payload;
        Writer w(payload);
        w.begin_object().key("contentBlockIndex").integer(open_text_).end_object();
        append_eventstream_event(before, "contentBlockStop", payload);
        open_text_ = kNone;
    }

    int64_t next_ = 0;
    int64_t open_text_ = kNone;
    bool thinking_ = false;
    std::vector<Block> blocks_;  ///< of the provider that speaks now
};

}  // namespace

std::unique_ptr<StreamSplicer> make_converse_splicer(size_t max_text) {
    return std::make_unique<ConverseSplicer>(max_text);
}

}  // namespace weir::dialect
