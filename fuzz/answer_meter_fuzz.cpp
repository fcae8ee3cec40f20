// Tokens of a stream's text: any bytes are safe, and mean the same however they are split.
#include <array>
#include <cstdlib>

#include "tokens/answer_meter.h"
#include "tokens/vocabularies.h"

namespace {

using namespace weir::tokens;

const Vocabulary& words() {
    static Vocabularies& all = *new Vocabularies;
    if (!all.prepare(Encoding::o200k_base)) std::abort();
    return *all.find(Encoding::o200k_base);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    static constexpr std::array<std::string_view, 2> kMembers{"\"content\"", "\"text\""};
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    AnswerMeter whole, split;
    whole.begin(&words(), kMembers);
    whole.events(bytes);
    split.begin(&words(), kMembers);
    for (std::size_t at = 0; at < size; at += 7)
        split.events(bytes.substr(at, 7));
    if (whole.tokens() != split.tokens()) std::abort();
    if (whole.tokens() > 3 * size) std::abort();
    return 0;
}
