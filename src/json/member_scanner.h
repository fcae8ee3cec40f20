/// Watches a JSON document go by and keeps the few top-level members somebody wants.
///
/// A response is relayed as it comes; beside it a MemberScanner is fed the same chunks and captures
/// the raw text of chosen members of the root object (`usage`, `model`, `id`), and knows at the end
/// whether the document was whole. It buffers nothing else, and nothing beyond `max_value` per
/// member. It finds its way in valid JSON and does not validate: the bytes of a capture are to be
/// parsed by who uses them.
///
///     MemberScanner scanner(keys);      // keys: configuration, outlives the scanner
///     scanner.feed(chunk);              // any split
///     if (!scanner.complete()) …        // truncated
///     scanner.captured(0);              // raw value of keys[0]
///
/// Threads: one at a time. Memory: at most max_value per key.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::json {

class MemberScanner {
public:
    static constexpr size_t kMaxValue = 16 * 1024;

    /// Keys are compared with the unescaped names of the document's members.
    explicit MemberScanner(std::span<const std::string_view> keys, size_t max_value = kMaxValue);

    /// Forgets everything but the keys; storage is kept.
    void reset();
    void feed(std::string_view chunk);

    /// The root value has ended (a root that is a bare number ends only with what follows it).
    bool complete() const;
    /// Something other than white space followed the root value, or brackets did not match.
    bool malformed() const;
    /// The raw value of keys[index], the last one if the name came twice. Null while it has not
    /// ended, when it was not there or was longer than max_value.
    std::optional<std::string_view> captured(size_t index) const;
    /// It was there, but longer than max_value.
    bool too_long(size_t index) const;
};

}  // namespace weir::json
