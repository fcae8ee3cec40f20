// Continuing streams of Anthropic's Messages.
#include <algorithm>
#include <vector>

#include "dialect/sse.h"
#include "dialect/stream_splicer.h"
#include "dialect/writer.h"

namespace weir::dialect {
namespace {

constexpr int64_t kDropped = -1;

int64_t index_of(const json::Value& event) {
    const json::Value* index = event.find("index");
    return index ? index->as_int().value_or(0) : 0;
}

bool thinks(std::string_view type) {
    return type == "thinking" || type == "redacted_thinking";
}

class MessagesSplicer final : public StreamSplicer {
public:
    using StreamSplicer::StreamSplicer;

    bool is_error(const json::Value& event) const override {
        return event.string_at("type") == "error";
    }
    std::string_view name(const json::Value& event) const override {
        return event.string_at("type");
    }

    void note(const json::Value& event) override {
        std::string_view type = event.string_at("type");
        if (type == "content_block_start") {
            const json::Value* block = event.find("content_block");
            std::string_view kind = block ? block->string_at("type") : std::string_view();
            next_ = std::max(next_, index_of(event) + 1);
            open_text_ = kind == "text" ? index_of(event) : kNone;
            thinking_ = thinks(kind);
            if (kind == "text")
                say(block->string_at("text"));
            else if (!thinking_)
                hinder(Obstacle::tool_call);
        } else if (type == "content_block_delta") {
            if (const json::Value* delta = event.find("delta")) say(delta->string_at("text"));
        } else if (type == "content_block_stop") {
            open_text_ = kNone;
            thinking_ = false;
        } else if (type == "message_delta" || type == "message_stop") {
            done();
        }
    }

    bool rewrite(json::Value& event, std::string& before) override {
        std::string_view type = event.string_at("type");
        if (type == "message_start") {
            const json::Value* message = event.find("message");
            if (const json::Value* usage = message ? message->find("usage") : nullptr)
                own_input_ = *usage;
            return false;
        }
        if (type == "content_block_start") return begin_block(event, before);
        if (type == "content_block_delta" || type == "content_block_stop") {
            int64_t index = mapped(index_of(event));
            if (index == kDropped) return false;
            event.set("index", json::Value::integer(index));
            json::Value* delta = event.find("delta");
            return !delta || trim(delta->find("text"));
        }
        if (type != "message_delta") return true;
        close_text(before);
        json::Value* usage = event.find("usage");
        if (!usage || !usage->is_object()) return true;
        // The first message_start told the client another prompt than the sum of both.
        if (!usage->find("input_tokens"))
            if (const json::Value* input = own_input_.find("input_tokens"))
                usage->set("input_tokens", *input);
        add_spent(usage, "input_tokens", "output_tokens", {});
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
        own_input_ = {};
    }

private:
    static constexpr int64_t kNone = -1;
    struct Block {
        int64_t theirs;
        int64_t ours;
    };

    int64_t mapped(int64_t theirs) const {
        for (const Block& block : blocks_)
            if (block.theirs == theirs) return block.ours;
        return kDropped;
    }

    bool begin_block(json::Value& event, std::string& before) {
        const json::Value* block = event.find("content_block");
        std::string_view kind = block ? block->string_at("type") : std::string_view();
        int64_t theirs = index_of(event);
        if (thinks(kind)) {  // it would stand behind the text
            blocks_.push_back({theirs, kDropped});
            return false;
        }
        if (kind == "text" && open_text_ != kNone) {
            blocks_.push_back({theirs, open_text_});
            return false;
        }
        close_text(before);
        blocks_.push_back({theirs, next_});
        event.set("index", json::Value::integer(next_));
        return true;
    }

    void close_text(std::string& before) {
        if (open_text_ == kNone) return;
        std::string data;
        Writer w(data);
        w.begin_object().key("type").string("content_block_stop").key("index").integer(open_text_);
        w.end_object();
        append_sse(before, "content_block_stop", data);
        open_text_ = kNone;
    }

    int64_t next_ = 0;
    int64_t open_text_ = kNone;
    bool thinking_ = false;
    std::vector<Block> blocks_;  ///< of the provider that speaks now
    json::Value own_input_;
};

}  // namespace

std::unique_ptr<StreamSplicer> make_messages_splicer(size_t max_text) {
    return std::make_unique<MessagesSplicer>(max_text);
}

}  // namespace weir::dialect
