// Peeker and MemberScanner against the document parser: the fast paths accept exactly what the
// strict one accepts, and find the same members, however the bytes are split.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json/member_scanner.h"
#include "json/peek.h"
#include "json/value.h"

using namespace weir;

namespace {

constexpr std::array<std::string_view, 2> kKeys{"a", "usage"};

void compare_members(const json::Peek& peek, const json::Value& document) {
    WEIR_ASSERT(peek.members().size() == document.members().size());
    std::string buffer;
    for (size_t i = 0; i < peek.members().size(); ++i) {
        const json::PeekMember& seen = peek.members()[i];
        const json::Member& real = document.members()[i];
        WEIR_ASSERT(seen.is_named(real.key));
        WEIR_ASSERT(seen.kind == real.value.kind());
        WEIR_ASSERT(*json::parse(seen.raw) == real.value);
        if (real.value.is_string()) WEIR_ASSERT(seen.text(buffer) == real.value.text());
        for (const json::Member& inner : real.value.members())
            WEIR_ASSERT(json::find_member(seen.raw, inner.key));
    }
}

void check_scanner(std::string_view body, const json::Peek* peek) {
    json::MemberScanner whole(kKeys, 64);
    whole.feed(body);
    json::MemberScanner split(kKeys, 64);
    for (size_t at = 0, step = 1; at < body.size(); at += step, step = step % 7 + 1)
        split.feed(body.substr(at, step));
    WEIR_ASSERT(whole.complete() == split.complete());
    WEIR_ASSERT(whole.malformed() == split.malformed());
    for (size_t i = 0; i < kKeys.size(); ++i) {
        WEIR_ASSERT(whole.captured(i) == split.captured(i));
        WEIR_ASSERT(whole.too_long(i) == split.too_long(i));
        if (!peek) continue;
        const json::PeekMember* last = nullptr;
        for (const json::PeekMember& member : peek->members())
            if (member.is_named(kKeys[i])) last = &member;
        WEIR_ASSERT(whole.too_long(i) == (last && last->raw.size() > 64));
        if (last && !whole.too_long(i)) WEIR_ASSERT(whole.captured(i) == last->raw);
    }
    whole.feed("\n");
    if (peek) WEIR_ASSERT(whole.complete());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view body(reinterpret_cast<const char*>(data), size);
    static json::Peeker peeker;
    auto peek = peeker.peek(body);
    auto document = json::parse(body);
    if (!peek && &peek.error().code() == &codes::body_invalid) return 0;  // too many members
    WEIR_ASSERT(peek.has_value() == document.has_value());
    if (peek)
        compare_members(*peek, *document);
    else
        WEIR_ASSERT(peek.error().detail() == document.error().detail());
    check_scanner(body, peek ? &*peek : nullptr);
    return 0;
}
