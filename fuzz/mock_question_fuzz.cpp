// The mock provider's reading of requests: whatever is asked, the answer is valid JSON, the same
// each time, and a stream says what the whole answer says. Input: a path, a line feed, a body.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mock/render.h"

namespace {

using namespace weir;

void check(bool good) {
    if (!good) std::abort();
}

void check_stream(const mock::Question& question, const mock::Answer& answer) {
    mock::StreamPlan plan = mock::plan_stream(question, answer, 1);
    std::string bytes, text;
    for (uint64_t i = 0; i < plan.size(); ++i)
        plan.append(i, bytes);
    for (uint64_t i = 0; i < plan.text.size(); ++i)
        plan.text.append_piece(i, text);
    check(text == answer.text.whole());
    check(plan.terminal <= plan.after.size());
    for (const auto& event : plan.after)
        check(event.payload == "[DONE]" || json::parse(event.payload).has_value());
    for (const auto& event : plan.before)
        check(json::parse(event.payload).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    auto line = input.find('\n');
    std::string_view path = input.substr(0, line);
    std::string_view body =
        line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
    auto destination = mock::find_destination("POST", path, false);
    if (!destination) return 0;
    auto question = mock::read_question(*destination, path, body);
    if (!question) return 0;
    mock::Answer answer = mock::answer(*question, {});
    check(*answer.usage.output >= *answer.usage.reasoning);
    std::string whole = mock::render_whole(*question, answer, 1);
    check(json::parse(whole).has_value());
    check(whole == mock::render_whole(*question, mock::answer(*question, {}), 1));
    bool conversation =
        question->ask == mock::Ask::chat || question->ask == mock::Ask::completions ||
        question->ask == mock::Ask::responses || question->ask == mock::Ask::messages ||
        question->ask == mock::Ask::converse;
    if (conversation) check_stream(*question, answer);
    return 0;
}
