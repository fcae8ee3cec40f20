// Continuing streams of Cohere's Chat (v2).
#include <algorithm>
#include <vector>

#include "dialect/sse.h"
#include "dialect/stream_splicer.h"
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

class CohereSplicer final : public StreamSplicer {
public:
    using StreamSplicer::StreamSplicer;

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
            next_ = std::max(next_, index_of(event) + 1);
            thinking_ = content && content->string_at("type") == "thinking";
            open_text_ = thinking_ ? kNone : index_of(event);
            if (content) say(content->string_at("text"));
        } else if (type == "content-delta") {
            if (content) say(content->string_at("text"));
        } else if (type == "content-end") {
            open_text_ = kNone;
            thinking_ = false;
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
        if (type == "content-start") return begin_content(event, before);
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

    Obstacle obstacle() const override {
        Obstacle found = StreamSplicer::obstacle();
        bool open = found == Obstacle::none || found == Obstacle::nothing_said;
        return open && thinking_ ? Obstacle::reasoning : found;
    }

    void resume(const ContinuedStream::Resumption& resumption) override {
        StreamSplicer::resume(resumption);
        contents_.clear();
    }

private:
    static constexpr int64_t kNone = -1;
    struct Content {
        int64_t theirs;
        int64_t ours;  ///< or kNone: the client does not get it
    };

    int64_t mapped(int64_t theirs) const {
        for (auto content = contents_.rbegin(); content != contents_.rend(); ++content)
            if (content->theirs == theirs) return content->ours;
        return kNone;
    }

    bool begin_content(json::Value& event, std::string& before) {
        const json::Value* content = content_of(event);
        int64_t theirs = index_of(event);
        if (content &&
            content->string_at("type") == "thinking") {  // it would stand behind the text
            contents_.push_back({theirs, kNone});
            return false;
        }
        if (open_text_ != kNone) {
            contents_.push_back({theirs, open_text_});
            return false;
        }
        close_text(before);
        contents_.push_back({theirs, next_});
        event.set("index", json::Value::integer(next_));
        return true;
    }

    void close_text(std::string& before) {
        if (open_text_ == kNone) return;
        std::string data;
        Writer w(data);
        w.begin_object().key("type").string("content-end").key("index").integer(open_text_);
        w.end_object();
        append_sse(before, "content-end", data);
        open_text_ = kNone;
    }

    int64_t next_ = 0;
    int64_t open_text_ = kNone;
    bool thinking_ = false;
    std::vector<Content> contents_;  ///< of the provider that speaks now
};

}  // namespace

std::unique_ptr<StreamSplicer> make_cohere_splicer(size_t max_text) {
    return std::make_unique<CohereSplicer>(max_text);
}

}  // namespace weir::dialect
