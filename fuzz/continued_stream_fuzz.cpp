// A stream that another provider continues: the first line says which client, where the first
// provider breaks off, and how the bytes are split. Splitting changes nothing; what is rewritten is
// whole events of JSON; text never exceeds its bound.
#include <cstdint>
#include <tuple>
#include <utility>

#include "dialect/continued_stream.h"
#include "dialect/sse.h"
#include "dialect_fuzz.h"
#include "json/value.h"

namespace {

using namespace weir::dialect;

struct Run {
    std::string first, second;
    Obstacle obstacle;
};

Run run(ContinuedStream::Options options, std::string_view first, std::string_view second,
        size_t step) {
    ContinuedStream stream(options);
    Run out;
    for (size_t i = 0; i < first.size(); i += step)
        stream.feed(first.substr(i, step), out.first);
    fuzz::require(stream.text().size() <= options.max_text);
    Usage spent;
    spent.input = 7;
    spent.output = 3;
    stream.resume({.spent = spent, .tail = " "});
    for (size_t i = 0; i < second.size(); i += step)
        stream.feed(second.substr(i, step), out.second);
    out.obstacle = stream.obstacle();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 3) return 0;
    ContinuedStream::Options options{.max_text = 256};
    constexpr std::pair<Dialect, Operation> kClients[] = {
        {Dialect::openai, Operation::chat},      {Dialect::openai, Operation::completions},
        {Dialect::openai, Operation::responses}, {Dialect::anthropic, Operation::messages},
        {Dialect::gemini, Operation::chat},      {Dialect::cohere, Operation::chat},
        {Dialect::bedrock, Operation::chat}};
    std::tie(options.dialect, options.operation) = kClients[data[0] % std::size(kClients)];
    std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
    size_t cut = rest.size() * data[1] / 256;
    Run whole = run(options, rest.substr(0, cut), rest.substr(cut), size);
    Run split = run(options, rest.substr(0, cut), rest.substr(cut), 1 + data[2] % 64u);
    fuzz::require(whole.first == split.first && whole.second == split.second &&
                  whole.obstacle == split.obstacle);
    return 0;
}
