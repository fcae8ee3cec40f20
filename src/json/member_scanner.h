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
#include <cstdint>
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
    bool complete() const { return state_ == State::done; }
    /// The root is no JSON value, or something other than white space followed it.
    bool malformed() const { return state_ == State::malformed; }
    /// The raw value of keys[index], the last one if the name came twice. Null while it has not
    /// ended, when it was not there or was longer than max_value.
    std::optional<std::string_view> captured(size_t index) const;
    /// It was there, but longer than max_value.
    bool too_long(size_t index) const { return slots_[index].state == Slot::over_limit; }

private:
    enum class State : uint8_t {
        before,   ///< the root
        members,  ///< of the root object: before a name, a comma or the end
        name,
        colon,
        value,   ///< before a member's value
        nested,  ///< inside a string or container that is a member's value or the root
        scalar,  ///< inside a number or literal that is a member's value or the root
        done,
        malformed,
    };
    struct Slot {
        enum State : uint8_t { absent, open, whole, over_limit };
        std::string_view key;
        std::string value;
        State state = absent;
    };

    const char* step(const char* p, const char* end);
    const char* begin_value(const char* p);
    const char* name(const char* p, const char* end);
    const char* nested(const char* p, const char* end);
    const char* scalar(const char* p, const char* end);
    void choose_slot();
    void capture(const char* from, const char* to);
    void value_ended();

    std::vector<Slot> slots_;
    size_t max_value_;
    size_t max_name_ = 0;  ///< a longer raw name cannot be one of the keys
    State state_ = State::before;
    bool in_root_object_ = false;
    bool in_string_ = false;  ///< of `nested`
    bool escape_ = false;     ///< the next byte belongs to an escape
    size_t depth_ = 0;        ///< of `nested`: containers that are open
    Slot* slot_ = nullptr;    ///< takes the value that is passing
    std::string name_;        ///< as far as it has come, at most max_name_ + 1 bytes
};

}  // namespace weir::json
