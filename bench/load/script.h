/// What the benchmark says: request bodies and provider answers, made from the model's name.
///
/// The model's name scripts the provider, because it is the one thing every gateway must carry
/// through:
///   <family>-whole-BYTES       a whole answer whose OpenAI form has exactly BYTES bytes
///   <family>-sse-EVENTS-PACE   a stream of EVENTS content events, PACE microseconds apart (0: all
///   at once) <family>-idle              a stream of one content event that then stays silent and
///   open
/// The family (gpt, claude, gemini, nova, …) only serves the gateway's routing; the path asked for
/// decides the dialect. Client and origin both derive from the name what must arrive, so every
/// answer can be checked.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

enum class Dialect { openai, anthropic, gemini, bedrock };

struct Script {
    enum class Kind { whole, stream, idle };
    Kind kind = Kind::whole;
    std::size_t bytes = 0;   ///< whole: size of the OpenAI answer
    std::size_t events = 0;  ///< stream: content events
    std::chrono::microseconds pace{0};
};
/// Empty when the name scripts nothing.
std::optional<Script> parse_script(std::string_view model);

/// JSON-escaped prose of exactly `bytes` bytes, always the same.
std::string prose(std::size_t bytes);
/// The escaped text a whole answer of this script carries.
std::string answer_text(std::string_view model, const Script& script);
/// The escaped text of the stream's event number `index`.
std::string_view delta_text(std::size_t index);

/// A request of exactly `bytes` bytes (at least about 300), as the clients of OpenAI's chat
/// completions or of Anthropic's messages write them.
std::string request_body(std::string_view model, std::size_t bytes, bool stream,
                         Dialect dialect = Dialect::openai);

/// A whole answer's body.
std::string whole_answer(std::string_view model, const Script& script, Dialect dialect);

/// A stream, cut where a provider would flush it. Each piece is complete: SSE events, or messages
/// of AWS's event stream for Bedrock.
struct StreamAnswer {
    std::string opening;
    std::vector<std::string> content;
    std::string closing;
};
StreamAnswer stream_answer(std::string_view model, const Script& script, Dialect dialect,
                           bool with_usage);

}  // namespace weir::bench
