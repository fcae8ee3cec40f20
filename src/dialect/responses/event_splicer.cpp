// Continuing streams of OpenAI's Responses.
#include <algorithm>
#include <vector>

#include "dialect/stream_splicer.h"

namespace weir::dialect {
namespace {

constexpr int64_t kDropped = -1;

int64_t number_at(const json::Value& event, std::string_view key) {
    const json::Value* value = event.find(key);
    return value ? value->as_int().value_or(0) : 0;
}

bool ends(std::string_view type) {
    return type == "response.completed" || type == "response.incomplete";
}

class EventSplicer final : public StreamSplicer {
public:
    using StreamSplicer::StreamSplicer;

    bool is_error(const json::Value& event) const override {
        std::string_view type = event.string_at("type");
        return type == "error" || type == "response.failed";
    }
    std::string_view name(const json::Value& event) const override {
        return event.string_at("type");
    }

    void note(const json::Value& event) override {
        std::string_view type = event.string_at("type");
        sequence_ = std::max(sequence_, number_at(event, "sequence_number"));
        if (type == "response.created") {
            if (const json::Value* response = event.find("response"))
                for (std::string_view key : {"id", "created_at", "model"})
                    if (const json::Value* value = response->find(key)) frame_.set(key, *value);
        } else if (type == "response.output_item.added") {
            note_item(event);
        } else if (type == "response.content_part.added") {
            const json::Value* part = event.find("part");
            if (!part || part->string_at("type") != "output_text") hinder(Obstacle::opaque);
            open_part_ = number_at(event, "content_index");
        } else if (type == "response.output_text.delta") {
            say(event.string_at("delta"));
        } else if (type == "response.content_part.done") {
            open_part_ = kNone;
        } else if (type == "response.output_item.done") {
            if (const json::Value* item = event.find("item")) items_.push_back(*item);
            open_item_ = kNone;
            thinking_ = false;
        } else if (ends(type)) {
            done();
        }
    }

    bool rewrite(json::Value& event, std::string&) override {
        std::string_view type = event.string_at("type");
        if (type == "response.created" || type == "response.in_progress" ||
            type == "response.queued")
            return false;
        if (type == "response.output_item.added" && !map_item(event)) return false;
        if (event.find("output_index") && !rewrite_place(event, type)) return false;
        if (ends(type)) rewrite_end(event);
        event.set("sequence_number", json::Value::integer(++sequence_));
        return true;
    }

    /// Text goes on only in a part that is open.
    Obstacle obstacle() const override {
        Obstacle found = StreamSplicer::obstacle();
        if (found != Obstacle::none && found != Obstacle::nothing_said) return found;
        if (thinking_) return Obstacle::reasoning;
        if (found == Obstacle::none && open_part_ == kNone) return Obstacle::opaque;
        return found;
    }

    void resume(const ContinuedStream::Resumption& resumption) override {
        StreamSplicer::resume(resumption);
        theirs_.clear();
        spliced_ = kNone;
    }

private:
    static constexpr int64_t kNone = -1;
    struct Item {
        int64_t theirs;
        int64_t ours;
    };

    void note_item(const json::Value& event) {
        const json::Value* item = event.find("item");
        std::string_view kind = item ? item->string_at("type") : std::string_view();
        next_ = std::max(next_, number_at(event, "output_index") + 1);
        open_part_ = kNone;
        open_item_ = kind == "message" ? number_at(event, "output_index") : kNone;
        thinking_ = kind == "reasoning";
        if (kind == "message")
            item_id_ = item->string_at("id");
        else if (!thinking_)
            hinder(Obstacle::tool_call);
    }

    /// Which of the client's items an item of the continuation is. False: its beginning is not
    /// told, for that item is open, or it is none of the client's.
    bool map_item(const json::Value& event) {
        const json::Value* item = event.find("item");
        std::string_view kind = item ? item->string_at("type") : std::string_view();
        int64_t theirs = number_at(event, "output_index");
        if (kind == "reasoning") {  // it would stand behind the text
            theirs_.push_back({theirs, kDropped});
            return false;
        }
        if (kind == "message" && open_item_ != kNone && spliced_ == kNone) {
            spliced_ = theirs;
            theirs_.push_back({theirs, open_item_});
            return false;
        }
        theirs_.push_back({theirs, next_});
        return true;
    }

    bool rewrite_place(json::Value& event, std::string_view type) {
        int64_t theirs = number_at(event, "output_index");
        auto found = std::ranges::find(theirs_, theirs, &Item::theirs);
        if (found == theirs_.end() || found->ours == kDropped) return false;
        event.set("output_index", json::Value::integer(found->ours));
        if (theirs != spliced_) return true;
        if (type == "response.content_part.added") return false;
        if (event.find("item_id")) event.set("item_id", json::Value::string(item_id_));
        if (event.find("content_index"))
            event.set("content_index", json::Value::integer(std::max<int64_t>(open_part_, 0)));
        if (type == "response.output_text.delta") return trim(event.find("delta"));
        if (type == "response.output_text.done")
            event.set("text", json::Value::string(joined(event.string_at("text"))));
        if (type == "response.content_part.done") rewrite_part(event.find("part"));
        if (type == "response.output_item.done") rewrite_message(event.find("item"));
        return true;
    }

    void rewrite_part(json::Value* part) const {
        if (part && part->string_at("type") == "output_text")
            part->set("text", json::Value::string(joined(part->string_at("text"))));
    }

    void rewrite_message(json::Value* item) const {
        if (!item) return;
        item->set("id", json::Value::string(item_id_));
        if (json::Value* content = item->find("content"); content && !content->items().empty())
            rewrite_part(&content->items().front());
    }

    void rewrite_end(json::Value& event) const {
        json::Value* response = event.find("response");
        if (!response || !response->is_object()) return;
        for (const json::Member& member : frame_.members())
            response->set(member.key, member.value);
        response->set("output", json::Value::array(items_));
        add_spent(response->find("usage"), "input_tokens", "output_tokens", "total_tokens");
    }

    int64_t sequence_ = -1;
    int64_t next_ = 0;
    int64_t open_item_ = kNone;
    int64_t open_part_ = kNone;
    bool thinking_ = false;
    std::string item_id_;
    json::Value frame_ = json::Value::object();
    std::vector<json::Value> items_;  ///< finished
    std::vector<Item> theirs_;        ///< of the provider that speaks now
    int64_t spliced_ = kNone;         ///< theirs that goes on in ours
};

}  // namespace

std::unique_ptr<StreamSplicer> make_responses_splicer(size_t max_text) {
    return std::make_unique<EventSplicer>(max_text);
}

}  // namespace weir::dialect
