#include "mock/ledger.h"

#include "json/value.h"

namespace weir::mock {

Ledger::Line::Line(Ledger& ledger, std::string_view id, std::string_view model,
                   const dialect::Usage& usage)
    : ledger_(ledger),
      id_(id),
      model_(model),
      input_(usage.input.value_or(0)),
      output_(usage.output.value_or(0)) {}

Ledger::Line::~Line() {
    ledger_.write(*this);
}

void Ledger::write(const Line& line) {
    std::lock_guard guard(lock_);
    Sum& sum = line.complete_ ? complete_ : broken_;
    ++sum.count;
    sum.input += line.input_;
    sum.output += line.output_;
    lines_.push_back(
        {line.id_, line.model_, line.input_, line.output_, line.sent_, line.complete_});
    if (lines_.size() > kMaxLines) lines_.pop_front();
}

std::string Ledger::json() const {
    std::lock_guard guard(lock_);
    auto number = [](auto value) { return json::Value::integer(static_cast<int64_t>(value)); };
    auto sum = [&](const Sum& from) {
        json::Value out;
        out.set("count", number(from.count));
        out.set("input", number(from.input));
        out.set("output", number(from.output));
        return out;
    };
    json::Value out;
    out.set("complete", sum(complete_));
    out.set("broken", sum(broken_));
    json::Value lines = json::Value::array();
    for (const auto& kept : lines_) {
        json::Value line;
        line.set("id", json::Value::string(kept.id));
        line.set("model", json::Value::string(kept.model));
        line.set("input", number(kept.input));
        line.set("output", number(kept.output));
        line.set("sent", number(kept.sent));
        line.set("complete", json::Value::boolean(kept.complete));
        lines.push_back(std::move(line));
    }
    out.set("lines", std::move(lines));
    return json::serialize(out);
}

}  // namespace weir::mock
