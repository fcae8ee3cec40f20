// Continuing streams of Cohere's Chat (v2).
#include "dialect/block_splicer.h"
#include "dialect/sse.h"
#include "dialect/writer.h"

namespace weir::dialect {
namespace {

int64_t index_of(const json::Value& event) {
    const json::Value* index = event.find("index");
    return index ? index->as_int().value_or(0) : 0;
}

template <class Value>
Value* content_of(Value& event) {
    Value* delta = event.find("delta");
    Value* message = delta ? delta->find("message") : nullptr;
    return message ? message->find("content") : nullptr;
}

class CohereSplicer final : public BlockSplicer {
public:
    using BlockSplicer::BlockSplicer;

    /// A stream that fails ends with a message-end that says so.
    bool is_error(const json::Value& event) const override {
        const json::Value* delta = event.find("delta");
        std::string_view type = event.string_at("type");
        if (type.empty()) return event.find("message");
        if (type != "message-end" || !delta) return false;
        std::string_view reason = delta->string_at("finish_reason");
        return reason == "ERROR" || reason == "TIMEOUT" || delta->find("error");
    }
    std::string_view name(const json::Value& event) const override {
        return event.string_at("type");
    }

    void note(const json::Value& event) override {
        std::string_view type = event.string_at("type");
        const json::Value* content = content_of(event);
        if (type == "content-start") {
            note_begin(index_of(event), kind_of(event));
            if (content) say(content->string_at("text"));
        } else if (type == "content-delta") {
            if (content) say(content->string_at("text"));
        } else if (type == "content-end") {
            note_end();
        } else if (type.starts_with("tool-")) {
            hinder(Obstacle::tool_call);
        } else if (type == "message-end") {
            done();
        }
    }

    bool rewrite(json::Value& event, std::string& before) override {
        std::string_view type = event.string_at("type");
        // Citations count the characters of their own answer.
        if (type == "message-start" || type.starts_with("citation-")) return false;
        if (type == "content-start") {
            int64_t index = place(index_of(event), kind_of(event), before);
            event.set("index", json::Value::integer(index));
            return is_new(index);
        }
        if (type == "content-delta" || type == "content-end") {
            int64_t index = mapped(index_of(event));
            if (index == kNone) return false;
            event.set("index", json::Value::integer(index));
            json::Value* content = content_of(event);
            return !content || trim(content->find("text"));
        }
        if (type == "debug") return false;
        close_text(before);
        if (type != "message-end") return true;
        json::Value* delta = event.find("delta");
        if (json::Value* usage = delta ? delta->find("usage") : nullptr)
            for (std::string_view kind : {"billed_units", "tokens"})
                add_spent(usage->find(kind), "input_tokens", "output_tokens", {});
        return true;
    }

private:
    /// Contents are thoughts or texts.
    static Kind kind_of(const json::Value& start) {
        const json::Value* content = content_of(start);
        return content && content->string_at("type") == "thinking" ? Kind::thinking : Kind::text;
    }

    void write_end(int64_t index, std::string& out) const override {
        std::string data;
        Writer w(data);
        w.begin_object().key("type").string("content-end").key("index").integer(index);
        w.end_object();
        append_sse(out, "content-end", data);
    }
};

}  // namespace

std::unique_ptr<StreamSplicer> make_cohere_splicer(size_t max_text) {
    return std::make_unique<CohereSplicer>(max_text);
}

}  // namespace weir::dialect
