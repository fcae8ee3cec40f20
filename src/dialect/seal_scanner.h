/// Finds what a provider has sealed: encrypted reasoning and signatures of thoughts, which only the
/// provider that made them can open again.
///
/// Looks at bodies and streams of any dialect as they pass, and tells a hash of each value, never
/// the value. The client hands the same text back with its next request, so that the hash of there
/// is the hash of here. Keys: `encrypted_content` (OpenAI Responses), `signature` (Anthropic,
/// Bedrock), `thoughtSignature` (Gemini). Values shorter than kShortest are none.
///
///     SealScanner scanner;
///     scanner.feed(bytes, [](uint64_t seal) { … });
///
/// Same findings for any split. Memory: constant. Threads: one stream, one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace weir::dialect {

class SealScanner {
public:
    static constexpr size_t kShortest = 16;
    using Found = std::function<void(uint64_t)>;
    void feed(std::string_view bytes, const Found& found);

private:
    enum class State : uint8_t { outside, name, colon, value };
    void step(char c, const Found& found);

    State state_ = State::outside;
    bool escaped_ = false;
    std::string name_;  ///< of the string under way, as far as it could be a key
    uint64_t hash_ = 0;
    size_t length_ = 0;
};

}  // namespace weir::dialect
