/// What an expression computes with: a number, a text, a list, … or a failure, in sixteen bytes.
///
/// A Value owns nothing. Texts, lists and maps point into the program (its literals), into what the
/// activation gave, or into the Arena of the evaluation; a Value is good for as long as these.
/// Lists and maps are interfaces, so that a caller can show its own data (headers, claims, a JSON
/// document) without copying it.
///
/// A failure is a Value too, because `a || b` is true when b is, whatever happened to a. It carries
/// what went wrong and where in the expression, never the data. Threads: plain values.
/// Semantics: github.com/google/cel-spec, doc/langdef.md, "Values".
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::cel {

class Arena;
class ListView;
class MapView;

enum class Kind : uint8_t {
    null,
    boolean,
    integer,  ///< int: 64 bits, signed
    natural,  ///< uint: 64 bits, unsigned
    real,     ///< double
    string,   ///< UTF-8
    bytes,
    list,
    map,
    timestamp,
    duration,
    type,
    failure,
};
/// As `type(x)` prints it: "int", "null_type", "google.protobuf.Timestamp", …
std::string_view type_name(Kind kind);
std::optional<Kind> kind_from_type_name(std::string_view name);

/// Why there is no value.
enum class Failure : uint8_t {
    no_such_overload,
    division_by_zero,
    modulus_by_zero,
    overflow,
    natural_overflow,
    range,
    no_such_key,
    index_out_of_range,
    invalid_index,
    unsupported_key,
    duplicate_key,
    unknown_variable,
    unknown_function,
    invalid_utf8,
    conversion,
    regex,
    time_zone,
    format,
    steps,
    memory,
};
/// What happened and what would help, for people.
std::string_view describe(Failure failure);

/// A point in time: seconds since 1970-01-01T00:00:00Z, and nanoseconds in [0, 1e9).
struct Timestamp {
    int64_t seconds = 0;
    int32_t nanos = 0;
    friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

class Value {
public:
    static constexpr uint32_t kNowhere = 0xFFFFFFFF;

    Value() = default;  ///< indeterminate until assigned
    static Value null() { return Value(Kind::null); }
    static Value boolean(bool b) { return make(Kind::boolean, &Value::boolean_, b); }
    static Value integer(int64_t i) { return make(Kind::integer, &Value::integer_, i); }
    static Value natural(uint64_t u) { return make(Kind::natural, &Value::natural_, u); }
    static Value real(double d) { return make(Kind::real, &Value::real_, d); }
    /// At most 4 GiB of UTF-8.
    static Value string(std::string_view text) { return of_text(Kind::string, text); }
    static Value bytes(std::string_view text) { return of_text(Kind::bytes, text); }
    static Value list(const ListView& list) { return make(Kind::list, &Value::list_, &list); }
    static Value map(const MapView& map) { return make(Kind::map, &Value::map_, &map); }
    static Value timestamp(Timestamp t);
    static Value duration(int64_t nanos) { return make(Kind::duration, &Value::integer_, nanos); }
    static Value type(Kind kind);
    static Value failure(Failure failure, uint32_t position = kNowhere);

    Kind kind() const { return kind_; }
    bool is(Kind kind) const { return kind_ == kind; }
    bool is_failure() const { return kind_ == Kind::failure; }
    bool is_number() const { return kind_ >= Kind::integer && kind_ <= Kind::real; }
    bool is_true() const { return kind_ == Kind::boolean && boolean_; }
    bool is_false() const { return kind_ == Kind::boolean && !boolean_; }

    // Each only for its own kind.
    bool as_boolean() const { return boolean_; }
    int64_t as_integer() const { return integer_; }
    uint64_t as_natural() const { return natural_; }
    double as_real() const { return real_; }
    std::string_view text() const { return {text_, extra_}; }  ///< of a string or bytes
    const ListView& as_list() const { return *list_; }
    const MapView& as_map() const { return *map_; }
    Timestamp as_timestamp() const { return {integer_, static_cast<int32_t>(extra_)}; }
    int64_t as_duration() const { return integer_; }  ///< nanoseconds
    Kind as_type() const { return static_cast<Kind>(detail_); }
    Failure as_failure() const { return static_cast<Failure>(detail_); }

    /// Of a failure: the byte of the expression where it happened, or kNowhere.
    uint32_t position() const { return extra_; }
    /// The same failure with that position, unless it has one.
    Value at(uint32_t position) const;

private:
    explicit Value(Kind kind) : kind_(kind), detail_(0), extra_(0), natural_(0) {}
    template <class T>
    static Value make(Kind kind, T Value::* member, T value) {
        Value out(kind);
        out.*member = value;
        return out;
    }
    static Value of_text(Kind kind, std::string_view text) {
        Value out(kind);
        out.text_ = text.data();
        out.extra_ = static_cast<uint32_t>(text.size());
        return out;
    }

    Kind kind_;
    uint8_t detail_;  ///< which type, which failure
    uint32_t extra_;  ///< length of a text, nanoseconds of a timestamp, position of a failure
    union {
        bool boolean_;
        int64_t integer_;
        uint64_t natural_;
        double real_;
        const char* text_;
        const ListView* list_;
        const MapView* map_;
    };
};
static_assert(sizeof(Value) == 16);

/// A list as its owner keeps it. Implementations have no destructor of their own if they are made
/// in an Arena.
class ListView {
public:
    virtual size_t size() const = 0;
    /// `index` < size(). What has to be made for it goes into the arena.
    virtual Value at(size_t index, Arena& arena) const = 0;

protected:
    ~ListView() = default;
};

/// A map as its owner keeps it. Keys are booleans, integers, naturals and strings.
class MapView {
public:
    virtual size_t size() const = 0;
    /// Nothing for a key that is not there, of whatever kind it is.
    virtual std::optional<Value> find(const Value& key, Arena& arena) const = 0;
    /// `index` < size(), in any fixed order.
    virtual Value key(size_t index, Arena& arena) const = 0;
    virtual Value value(size_t index, Arena& arena) const = 0;

protected:
    ~MapView() = default;
};

}  // namespace weir::cel
