// Continuing chat.completion.chunk and text_completion streams.
#include "dialect/stream_splicer.h"

namespace weir::dialect {
namespace {

bool holds(const json::Value* value) {
    if (!value || value->is_null()) return false;
    if (value->is_string()) return !value->text().empty();
    if (value->is_array()) return !value->items().empty();
    return true;
}

class ChunkSplicer final : public StreamSplicer {
public:
    ChunkSplicer(Operation operation, size_t max_text)
        : StreamSplicer(max_text), chat_(operation == Operation::chat) {}

    bool is_error(const json::Value& event) const override {
        return holds(event.find("error")) && !holds(event.find("choices"));
    }
    std::string_view name(const json::Value&) const override { return {}; }

    void note(const json::Value& event) override {
        for (std::string_view key : {"id", "model", "created"})
            if (const json::Value* value = event.find(key);
                holds(value) && !holds(frame_.find(key)))
                frame_.set(key, *value);
        const json::Value* choices = event.find("choices");
        if (!choices) return;
        if (choices->items().size() > 1) hinder(Obstacle::several);
        for (const json::Value& choice : choices->items())
            note_choice(choice);
    }

    bool rewrite(json::Value& event, std::string&) override {
        for (const json::Member& member : frame_.members())
            event.set(member.key, member.value);
        add_spent(event.find("usage"), "prompt_tokens", "completion_tokens", "total_tokens");
        json::Value* choices = event.find("choices");
        if (!choices || choices->items().empty()) return holds(event.find("usage"));
        json::Value& choice = choices->items().front();
        bool says = holds(choice.find("finish_reason")) || holds(event.find("usage"));
        if (!chat_) {
            bool left = trim(choice.find("text"));
            return says || (left && holds(choice.find("text")));
        }
        json::Value* delta = choice.find("delta");
        if (!delta || !delta->is_object()) return says;
        delta->erase("role");
        delta->erase("reasoning_content");  // it would stand behind the text
        delta->erase("reasoning");
        trim(delta->find("content"));
        for (const json::Member& member : delta->members())
            says = says || holds(&member.value);
        return says;
    }

    Obstacle obstacle() const override {
        Obstacle found = StreamSplicer::obstacle();
        return found == Obstacle::nothing_said && thought_ ? Obstacle::reasoning : found;
    }

private:
    void note_choice(const json::Value& choice) {
        if (const json::Value* index = choice.find("index"); index && index->as_int().value_or(0))
            hinder(Obstacle::several);
        if (!chat_) say(choice.string_at("text"));
        if (const json::Value* delta = choice.find("delta")) {
            if (holds(delta->find("tool_calls")) || holds(delta->find("function_call")))
                hinder(Obstacle::tool_call);
            if (holds(delta->find("refusal")) || holds(delta->find("audio")))
                hinder(Obstacle::opaque);
            thought_ = thought_ || holds(delta->find("reasoning_content")) ||
                       holds(delta->find("reasoning"));
            if (const json::Value* content = delta->find("content");
                content && content->is_array() && !content->items().empty())
                hinder(Obstacle::opaque);
            say(delta->string_at("content"));
        }
        if (holds(choice.find("finish_reason"))) done();
    }

    bool chat_;
    bool thought_ = false;
    json::Value frame_ = json::Value::object();
};

}  // namespace

std::unique_ptr<StreamSplicer> make_chunk_splicer(Operation operation, size_t max_text) {
    return std::make_unique<ChunkSplicer>(operation, max_text);
}

}  // namespace weir::dialect
