// Continuing streams of Bedrock's ConverseStream. An event's name, that stands in the head of its
// frame, is here its member "type".
#include "dialect/block_splicer.h"
#include "dialect/eventstream.h"
#include "dialect/writer.h"

namespace weir::dialect {
namespace {

int64_t index_of(const json::Value& event) {
    const json::Value* index = event.find("contentBlockIndex");
    return index ? index->as_int().value_or(0) : 0;
}

class ConverseSplicer final : public BlockSplicer {
public:
    using BlockSplicer::BlockSplicer;

    /// Exceptions are frames of another kind: who reads frames knows them.
    bool is_error(const json::Value&) const override { return false; }
    std::string_view name(const json::Value& event) const override {
        return event.string_at("type");
    }

    void note(const json::Value& event) override {
        std::string_view type = event.string_at("type");
        if (type == "contentBlockStart") {
            note_begin(index_of(event), Kind::other);
            hinder(Obstacle::tool_call);  // nothing else is announced
        } else if (type == "contentBlockDelta") {
            const json::Value* delta = event.find("delta");
            // A citation belongs to the text that is open.
            Kind kind = kind_of(delta);
            if (kind != Kind::other || is_new(index_of(event))) note_begin(index_of(event), kind);
            if (delta && delta->find("toolUse")) hinder(Obstacle::tool_call);
            if (delta) say(delta->string_at("text"));
        } else if (type == "contentBlockStop") {
            note_end();
        } else if (type == "messageStop") {
            done();
        }
    }

    bool rewrite(json::Value& event, std::string& before) override {
        std::string_view type = event.string_at("type");
        if (type == "messageStart") return false;
        if (type == "contentBlockStart" || type == "contentBlockDelta") {
            json::Value* delta = event.find("delta");
            int64_t theirs = index_of(event);
            // Texts and thoughts begin with their first delta.
            int64_t index = knows(theirs) ? mapped(theirs) : place(theirs, kind_of(delta), before);
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

private:
    static Kind kind_of(const json::Value* delta) {
        if (delta && delta->find("text")) return Kind::text;
        return delta && delta->find("reasoningContent") ? Kind::thinking : Kind::other;
    }

    void write_end(int64_t index, std::string& out) const override {
        std::string payload;
        Writer w(payload);
        w.begin_object().key("contentBlockIndex").integer(index).end_object();
        append_eventstream_event(out, "contentBlockStop", payload);
    }
};

}  // namespace

std::unique_ptr<StreamSplicer> make_converse_splicer(size_t max_text) {
    return std::make_unique<ConverseSplicer>(max_text);
}

}  // namespace weir::dialect
