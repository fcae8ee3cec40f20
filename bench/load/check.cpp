#include "check.h"

#include <fmt/format.h>

#include "framing.h"

namespace weir::bench {
namespace {

/// The escaped text of the event's member, up to its closing quote. `key`: `"content":"`.
std::string_view text_of(std::string_view event, std::string_view key) {
    const auto at = event.find(key);
    if (at == std::string_view::npos) return {};
    const auto begin = at + key.size();
    auto end = begin;
    while (end < event.size() && event[end] != '"')
        end += event[end] == '\\' ? 2 : 1;
    return event.substr(begin, end - begin);
}

}  // namespace

Expected::Expected(std::string_view model, const Script& script, bool is_translated, Dialect speaks)
    : kind(script.kind), translated(is_translated), client(speaks), events(script.events) {
    if (kind == Script::Kind::whole) {
        body = whole_answer(model, script, Dialect::openai);
        text = answer_text(model, script);
    }
    for (std::size_t i = 0; i < events; ++i)
        text_bytes += delta_text(i).size();
}

void Check::begin() {
    wrong_ = {};
    gathered_.clear();
    matched_ = 0;
    events_ = text_bytes_ = 0;
    finishes_ = dones_ = 0;
}

void Check::complain(std::string_view what) {
    if (wrong_.empty()) wrong_ = what;
}

void Check::on_head(std::string_view head) {
    const int status = status_of(head);
    if (status == 200) return;
    detail_ = fmt::format("status {}", status);
    complain(detail_);
}

void Check::on_body(std::string_view bytes) {
    if (!wrong_.empty()) return;
    if (expected_->kind == Script::Kind::whole) {
        if (expected_->translated)
            gathered_.append(bytes);
        else if (std::string_view(expected_->body).substr(matched_, bytes.size()) != bytes)
            complain("body differs");
        matched_ += bytes.size();
        return;
    }
    while (!bytes.empty()) {
        std::size_t size = 1;  // the event's end itself may have been cut
        if (!gathered_.ends_with('\n') || bytes.front() != '\n') {
            const auto end = bytes.find("\n\n");
            if (end == std::string_view::npos) {
                gathered_.append(bytes);
                return;
            }
            size = end + 2;
        }
        if (gathered_.empty()) {
            on_event(bytes.substr(0, size));
        } else {
            on_event(gathered_.append(bytes.substr(0, size)));
            gathered_.clear();
        }
        bytes.remove_prefix(size);
    }
}

void Check::on_event(std::string_view event) {
    if (event.starts_with(":")) return;
    if (dones_ != 0) return complain("event after the end");
    if (expected_->client == Dialect::anthropic)
        on_message_event(event);
    else
        on_chunk(event);
}

void Check::on_message_event(std::string_view event) {
    if (event.starts_with("event: content_block_delta\n")) {
        ++events_;
        text_bytes_ += text_of(event, "\"text\":\"").size();
    } else if (event.starts_with("event: message_delta\n")) {
        if (event.find("\"stop_reason\":\"end_turn\"") != std::string_view::npos) ++finishes_;
    } else if (event.starts_with("event: message_stop\n")) {
        ++dones_;
    } else if (!event.starts_with("event: ") || event.starts_with("event: error")) {
        complain("error event");
    }
}

void Check::on_chunk(std::string_view event) {
    if (!event.starts_with("data: ")) return complain("event without data");
    if (const auto text = text_of(event, "\"content\":\""); !text.empty()) {
        ++events_;
        text_bytes_ += text.size();
        return;
    }
    if (event.starts_with("data: [DONE]"))
        ++dones_;
    else if (event.find("\"finish_reason\":\"stop\"") != std::string_view::npos)
        ++finishes_;
    else if (event.find("\"choices\":[]") != std::string_view::npos && !expected_->translated)
        complain("usage chunk that was not asked for");
    else if (event.find("\"error\"") != std::string_view::npos)
        complain("error event");
}

std::string_view Check::verdict() const {
    if (!wrong_.empty()) return wrong_;
    if (expected_->kind == Script::Kind::whole) {
        if (!expected_->translated)
            return matched_ == expected_->body.size() ? "" : "body of the wrong size";
        if (gathered_.find(expected_->text) == std::string::npos)
            return "translated answer lacks its text";
        if (gathered_.find(expected_->client == Dialect::anthropic
                               ? "\"stop_reason\":\"end_turn\""
                               : "\"finish_reason\":\"stop\"") == std::string::npos)
            return "translated answer lacks its finish reason";
        return gathered_.find("\"usage\"") == std::string::npos
                   ? "translated answer lacks its usage"
                   : "";
    }
    if (!gathered_.empty()) return "stream ends inside an event";
    if (events_ != expected_->events || text_bytes_ != expected_->text_bytes)
        return "stream lacks content events";
    if (finishes_ != 1) return "stream without its finish reason";
    return dones_ == 1 ? "" : "stream without its end";
}

}  // namespace weir::bench
