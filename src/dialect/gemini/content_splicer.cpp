// Continuing streams of GenerateContentResponses (Gemini, alt=sse).
#include "dialect/stream_splicer.h"

namespace weir::dialect {
namespace {

bool holds(const json::Value* value) {
    if (!value || value->is_null()) return false;
    return !value->is_string() || !value->text().empty();
}

bool is_thought(const json::Value& part) {
    const json::Value* thought = part.find("thought");
    return thought && thought->as_bool();
}

class ContentSplicer final : public StreamSplicer {
public:
    using StreamSplicer::StreamSplicer;

    bool is_error(const json::Value& event) const override {
        return holds(event.find("error")) && !event.find("candidates");
    }
    std::string_view name(const json::Value&) const override { return {}; }

    void note(const json::Value& event) override {
        for (std::string_view key : {"responseId", "modelVersion", "createTime"})
            if (const json::Value* value = event.find(key);
                holds(value) && !holds(frame_.find(key)))
                frame_.set(key, *value);
        if (holds(event.find("promptFeedback"))) hinder(Obstacle::opaque);  // it was refused
        const json::Value* candidates = event.find("candidates");
        if (!candidates) return;
        if (candidates->items().size() > 1) hinder(Obstacle::several);
        for (const json::Value& candidate : candidates->items())
            note_candidate(candidate);
    }

    bool rewrite(json::Value& event, std::string&) override {
        for (const json::Member& member : frame_.members())
            event.set(member.key, member.value);
        json::Value* usage = event.find("usageMetadata");
        add_spent(usage, "promptTokenCount", "candidatesTokenCount", "totalTokenCount");
        json::Value* candidates = event.find("candidates");
        if (!candidates || candidates->items().empty()) return holds(usage);
        json::Value& candidate = candidates->items().front();
        json::Value* content = candidate.find("content");
        const bool says = content && keep_text(*content);
        if (content && !says) candidate.erase("content");
        return says || holds(usage) || holds(candidate.find("finishReason"));
    }

    Obstacle obstacle() const override {
        Obstacle found = StreamSplicer::obstacle();
        bool open = found == Obstacle::none || found == Obstacle::nothing_said;
        return open && thinking_ ? Obstacle::reasoning : found;
    }

private:
    void note_candidate(const json::Value& candidate) {
        if (const json::Value* index = candidate.find("index");
            index && index->as_int().value_or(0))
            hinder(Obstacle::several);
        const json::Value* content = candidate.find("content");
        if (const json::Value* parts = content ? content->find("parts") : nullptr)
            for (const json::Value& part : parts->items())
                note_part(part);
        if (holds(candidate.find("finishReason"))) done();
    }

    void note_part(const json::Value& part) {
        thinking_ = is_thought(part);
        if (thinking_) return;
        if (part.find("functionCall"))
            hinder(Obstacle::tool_call);
        else if (const json::Value* text = part.find("text"); text && text->is_string())
            say(text->text());
        else if (!part.find("thoughtSignature"))
            hinder(Obstacle::opaque);  // code that ran, a picture
    }

    /// Takes out thoughts, which would stand behind the text, and what the client already has.
    bool keep_text(json::Value& content) {
        json::Value* parts = content.find("parts");
        if (!parts || !parts->is_array()) return false;
        json::Value kept = json::Value::array();
        for (json::Value& part : parts->items()) {
            if (is_thought(part)) continue;
            json::Value* text = part.find("text");
            if (text && (!trim(text) || !holds(text)) && !part.find("thoughtSignature")) continue;
            kept.push_back(std::move(part));
        }
        const bool any = !kept.items().empty();
        *parts = std::move(kept);
        return any;
    }

    bool thinking_ = false;
    json::Value frame_ = json::Value::object();
};

}  // namespace

std::unique_ptr<StreamSplicer> make_content_splicer(size_t max_text) {
    return std::make_unique<ContentSplicer>(max_text);
}

}  // namespace weir::dialect
