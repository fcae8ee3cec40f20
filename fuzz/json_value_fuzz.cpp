// The document parser: what it reads, it writes and reads again as the same.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/value.h"

using namespace weir;

namespace {

void check_number(const json::Value& value) {
    auto i = value.as_int();
    auto d = value.as_double();
    if (i) WEIR_ASSERT(json::Value::integer(*i) == value);
    if (i) WEIR_ASSERT(d && *d == static_cast<double>(*i));
    if (d) WEIR_ASSERT(std::isfinite(*d));
}

void check(const json::Value& value) {
    if (value.is_number()) check_number(value);
    for (const json::Value& item : value.items())
        check(item);
    for (const json::Member& member : value.members())
        check(member.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string quoted;
    json::append_string(quoted, text);
    WEIR_ASSERT(json::parse(quoted));
    auto value = json::parse(text);
    if (!value) {
        WEIR_ASSERT(&value.error().code() == &codes::body_invalid_json);
        return 0;
    }
    check(*value);
    std::string out = json::serialize(*value);
    auto again = json::parse(out);
    WEIR_ASSERT(again && *again == *value);
    WEIR_ASSERT(json::serialize(*again) == out);
    return 0;
}
