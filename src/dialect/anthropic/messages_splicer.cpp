// Continuing streams of Anthropic's Messages.
#include "dialect/block_splicer.h"
#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::dialect {
namespace {

int64_t index_of(const json::Value& event) {
    const json::Value* index = event.find("index");
    return index ? index->as_int().value_or(0) : 0;
}

class MessagesSplicer final : public BlockSplicer {
public:
    using BlockSplicer::BlockSplicer;

    bool is_error(const json::Value& event) const override {
        return event.string_at("type") == "error";
    }
    std::string_view name(const json::Value& event) const override {
        return event.string_at("type");
    }

    void note(const json::Value& event) override {
        std::string_view type = event.string_at("type");
        if (type == "content_block_start") {
            Kind kind = kind_of(event);
            note_begin(index_of(event), kind);
            if (kind == Kind::text) say(event.find("content_block")->string_at("text"));
            if (kind == Kind::other) hinder(Obstacle::tool_call);
        } else if (type == "content_block_delta") {
            if (const json::Value* delta = event.find("delta")) say(delta->string_at("text"));
        } else if (type == "content_block_stop") {
            note_end();
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
        if (type == "content_block_start") {
            int64_t index = place(index_of(event), kind_of(event), before);
            event.set("index", json::Value::integer(index));
            return is_new(index);
        }
        if (type == "content_block_delta" || type == "content_block_stop") {
            int64_t index = mapped(index_of(event));
            if (index == kNone) return false;
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

    void resume(const ContinuedStream::Resumption& resumption) override {
        BlockSplicer::resume(resumption);
        own_input_ = {};
    }

private:
    static Kind kind_of(const json::Value& start) {
        const json::Value* block = start.find("content_block");
        std::string_view type = block ? block->string_at("type") : std::string_view();
        if (type == "text") return Kind::text;
        return type == "thinking" || type == "redacted_thinking" ? Kind::thinking : Kind::other;
    }

    void write_end(int64_t index, std::string& out) const override {
        std::string data;
        Writer w(data);
        w.begin_object().key("type").string("content_block_stop").key("index").integer(index);
        w.end_object();
        append_sse(out, "content_block_stop", data);
    }

    json::Value own_input_;
};

}  // namespace

std::unique_ptr<StreamSplicer> make_messages_splicer(size_t max_text) {
    return std::make_unique<MessagesSplicer>(max_text);
}

}  // namespace weir::dialect
