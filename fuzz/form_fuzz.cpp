// A multipart form in any split reads as it does whole, and a field found is where it is said to
// be.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "http/form_scanner.h"

namespace {

using weir::http::FormScanner;

struct Outcome {
    bool bad = false;
    bool found = false;
    std::string value;
    uint64_t begin = 0;
    bool operator==(const Outcome&) const = default;
};

Outcome scan(std::string_view body, std::size_t size) {
    FormScanner scanner("b", "model");
    for (std::string_view rest = body; !rest.empty();
         rest.remove_prefix(std::min(size, rest.size())))
        if (scanner.feed(rest.substr(0, size))) return {true, false, {}, 0};
    return {scanner.finish() != nullptr, scanner.found(), std::string(scanner.value()),
            scanner.value_begin()};
}

}  // namespace

// The first byte says how the body is cut, the rest is the body; also read as a content type.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    Outcome whole = scan(body, body.size() + 1);
    if (scan(body, 1U + data[0] % 16U) != whole) std::abort();
    if (!whole.bad && whole.found && body.substr(whole.begin, whole.value.size()) != whole.value)
        std::abort();
    if (!whole.bad && whole.found &&
        !body.substr(whole.begin + whole.value.size()).starts_with("\r\n--b"))
        std::abort();
    if (weir::http::form_boundary(body).size() > 70) std::abort();
    return 0;
}
