#include "mock/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "mock/sample.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

constexpr std::size_t kQuoted = 200;     // bytes of the user's text that are repeated
constexpr uint64_t kFillerPiece = 1024;  // bytes of a piece when only the whole size was asked for
constexpr std::string_view kFiller = "weir ";

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// `word` stands in `text` (both lower case) with no letter or digit at either side.
bool mentions(std::string_view text, std::string_view word) {
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        bool begins = at == 0 || !is_word_byte(text[at - 1]);
        auto end = at + word.size();
        if (begins && (end == text.size() || !is_word_byte(text[end]))) return true;
    }
    return false;
}

/// The name, or a word of at least four letters of it ("weather" of get_weather, getWeather).
bool mentions_tool(std::string_view text, std::string_view name) {
    if (mentions(text, to_lower(name))) return true;
    std::string word;
    auto known = [&] { return word.size() >= 4 && mentions(text, word); };
    for (std::size_t i = 0; i < name.size(); ++i) {
        bool upper = name[i] >= 'A' && name[i] <= 'Z';
        bool ends = name[i] == '_' || name[i] == '-' || name[i] == '.' || (upper && i > 0);
        if (ends) {
            if (known()) return true;
            word.clear();
        }
        if (ascii_lower(name[i]) != '_' && name[i] != '-' && name[i] != '.')
            word += ascii_lower(name[i]);
    }
    return known();
}

std::vector<const OfferedTool*> tools_to_call(const Question& q) {
    std::vector<const OfferedTool*> called;
    if (q.tools.empty() || q.after_tool || q.choice == Question::Choice::none) return called;
    if (q.choice == Question::Choice::named) {
        for (const OfferedTool& tool : q.tools)
            if (tool.name == q.chosen_tool) return {&tool};
        return called;
    }
    std::string text = to_lower(q.last_user_text);
    for (const OfferedTool& tool : q.tools)
        if (mentions_tool(text, tool.name)) called.push_back(&tool);
    bool must = q.choice == Question::Choice::any;
    if (called.empty() && (must || mentions(text, "tool"))) called.push_back(&q.tools[0]);
    if (!q.parallel_tools && called.size() > 1) called.resize(1);
    return called;
}

std::string answer_text(const Question& q, const Actions& actions) {
    if (actions.text) return *actions.text;
    if (q.format_schema) return json::serialize(sample_value(*q.format_schema, q.last_user_text));
    if (q.json_object) {
        json::Value out = json::Value::object();
        out.set("answer", json::Value::string(std::string(clip(q.last_user_text, kQuoted))));
        return json::serialize(out);
    }
    std::string_view said =
        q.after_tool ? std::string_view(q.tool_text) : std::string_view(q.last_user_text);
    return fmt::format("Mock answer from {}: {} said \"{}\".", q.model,
                       q.after_tool ? "the tool" : "you", clip(said, kQuoted));
}

std::optional<Source> source_of(const Question& q) {
    if (q.document)
        return Source{{}, q.document->title, std::string(clip(q.document->text, kQuoted))};
    if (!q.searches) return std::nullopt;
    return Source{"https://example.com/mock", "Mock page", "What the mock provider found."};
}

dialect::Usage count_usage(const Question& q, const Answer& a, const Actions& actions) {
    int64_t thinking = count_words(a.thinking);
    int64_t output = thinking + static_cast<int64_t>(a.text.size());
    for (const CalledTool& tool : a.tools)
        output += 1 + count_words(tool.arguments);
    dialect::Usage usage;
    usage.cached_input = actions.cached.value_or(0);
    usage.cache_creation = actions.creation.value_or(0);
    usage.input = std::max(actions.input.value_or(std::max<int64_t>(1, q.input_tokens)),
                           *usage.cached_input + *usage.cache_creation);
    usage.reasoning = actions.reasoning.value_or(thinking);
    usage.output = std::max(actions.output.value_or(output), *usage.reasoning);
    usage.total = *usage.input + *usage.output;
    return usage;
}

}  // namespace

PieceText::PieceText(std::string text) : text_(std::move(text)) {
    for (std::string_view word : split_words(text_))
        ends_.push_back(static_cast<uint32_t>(word.data() + word.size() - text_.data()));
    if (!ends_.empty()) ends_.back() = static_cast<uint32_t>(text_.size());
    count_ = ends_.size();
}

PieceText::PieceText(std::string text, uint64_t events, uint64_t bytes)
    : PieceText(std::move(text)) {
    if (bytes > 0) {
        bytes_ = bytes;
        count_ = std::min(events ? events : (bytes + kFillerPiece - 1) / kFillerPiece, bytes);
    } else if (events > 0 && !ends_.empty()) {
        count_ = events;
    }
}

void PieceText::append_piece(uint64_t index, std::string& out) const {
    if (bytes_ > 0) {
        // Piece i is the bytes from i/count to (i+1)/count of an endless repetition of kFiller.
        uint64_t from = bytes_ / count_ * index + std::min(index, bytes_ % count_);
        uint64_t size = bytes_ / count_ + (index < bytes_ % count_ ? 1 : 0);
        for (uint64_t i = 0; i < size; ++i)
            out += kFiller[(from + i) % kFiller.size()];
        return;
    }
    std::size_t word = index % ends_.size();
    std::size_t begin = word == 0 ? 0 : ends_[word - 1];
    if (index >= ends_.size() && word == 0) out += ' ';
    out.append(text_, begin, ends_[word] - begin);
}

std::string PieceText::whole() const {
    if (bytes_ == 0 && count_ == ends_.size()) return text_;
    std::string out;
    out.reserve(bytes_);
    for (uint64_t i = 0; i < count_; ++i)
        append_piece(i, out);
    return out;
}

Answer answer(const Question& q, const Actions& actions) {
    Answer a;
    for (const OfferedTool* tool : tools_to_call(q))
        a.tools.push_back(
            {tool->name, json::serialize(sample_value(tool->schema, q.last_user_text))});
    if (q.thinking)
        a.thinking = fmt::format("The user wants an answer to \"{}\". I will give one.",
                                 clip(q.last_user_text, kQuoted));
    bool sized = actions.events > 0 || actions.body_bytes > 0;
    if (a.tools.empty() || sized)
        a.text = PieceText(answer_text(q, actions), actions.events, actions.body_bytes);
    if (a.text.size() > 0) a.source = source_of(q);
    a.stop = a.tools.empty() ? Answer::Stop::end : Answer::Stop::tools;
    if (a.tools.empty() && !sized && q.max_tokens && *q.max_tokens >= 0 &&
        static_cast<uint64_t>(*q.max_tokens) < a.text.size()) {
        a.text.limit(static_cast<uint64_t>(*q.max_tokens));
        a.stop = Answer::Stop::length;
    }
    a.usage = count_usage(q, a, actions);
    return a;
}

}  // namespace weir::mock
