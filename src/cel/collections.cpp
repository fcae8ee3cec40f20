#include "cel/collections.h"

#include <bit>
#include <cstring>
#include <functional>

#include "cel/compare.h"

namespace weir::cel {
namespace {

/// 2.0 as a key means 2.
Value as_key(const Value& key) {
    if (!key.is(Kind::real)) return key;
    const double d = key.as_real();
    if (d >= 0 && d < 18446744073709551616.0 && d == static_cast<double>(static_cast<uint64_t>(d)))
        return Value::natural(static_cast<uint64_t>(d));
    if (d < 0 && d >= -9223372036854775808.0 && d == static_cast<double>(static_cast<int64_t>(d)))
        return Value::integer(static_cast<int64_t>(d));
    return key;
}

bool possible_key(const Value& key) {
    return key.is(Kind::boolean) || key.is(Kind::integer) || key.is(Kind::natural) ||
           key.is(Kind::string);
}

size_t hash(const Value& key) {
    if (key.is(Kind::string)) return std::hash<std::string_view>()(key.text());
    const uint64_t bits = key.is(Kind::boolean)   ? (key.as_boolean() ? 11 : 7)
                          : key.is(Kind::integer) ? static_cast<uint64_t>(key.as_integer())
                                                  : key.as_natural();
    return static_cast<size_t>((bits ^ (bits >> 31)) * 0x9E3779B97F4A7C15ULL >> 20);
}

}  // namespace

size_t ArrayMap::locate(const Value& key, size_t entered) const {
    if (index_.empty()) {
        for (size_t i = 0; i < entered; ++i)
            if (same_scalar(entries_[2 * i], key)) return i;
        return kEmpty;
    }
    size_t place = hash(key) % index_.size();
    for (; index_[place] != kEmpty; place = (place + 1) % index_.size())
        if (same_scalar(entries_[2 * index_[place]], key)) return index_[place];
    return kEmpty;
}

bool ArrayMap::enter(uint32_t i) {
    const Value& key = entries_[2 * i];
    if (locate(key, i) != kEmpty) return false;
    if (index_.empty()) return true;
    size_t place = hash(key) % index_.size();
    while (index_[place] != kEmpty)
        place = (place + 1) % index_.size();
    index_[place] = i;
    return true;
}

std::optional<Value> ArrayMap::find(const Value& key, Arena&) const {
    const Value wanted = as_key(key);
    if (!possible_key(wanted)) return std::nullopt;
    const size_t i = locate(wanted, size());
    if (i == kEmpty) return std::nullopt;
    return entries_[2 * i + 1];
}

Value Run::string(std::string_view text) {
    charge_text(text.size());
    const std::string_view kept = arena.copy(text);
    return over() ? over_failure() : Value::string(kept);
}

Value Run::concatenate(Kind kind, std::string_view a, std::string_view b) {
    charge_text(a.size() + b.size());
    char* out = arena.text(a.size() + b.size());
    if (over() || !out) return over_failure();
    if (!a.empty()) std::memcpy(out, a.data(), a.size());
    if (!b.empty()) std::memcpy(out + a.size(), b.data(), b.size());
    const std::string_view both(out, a.size() + b.size());
    return kind == Kind::string ? Value::string(both) : Value::bytes(both);
}

Value Run::list(std::span<const Value> items) {
    charge(items.size());
    const auto* made = arena.make<ArrayList>(items);
    return over() || !made ? over_failure() : Value::list(*made);
}

Value Run::map(std::span<const Value> entries) {
    const size_t count = entries.size() / 2;
    charge(count);
    std::span<uint32_t> index;
    if (count > ArrayMap::kSearched) {
        index = arena.array<uint32_t>(std::bit_ceil(2 * count));
        std::fill(index.begin(), index.end(), ArrayMap::kEmpty);
    }
    auto* made = arena.make<ArrayMap>(entries, index);
    if (over() || !made) return over_failure();
    for (uint32_t i = 0; i < count; ++i) {
        if (!possible_key(entries[2 * i])) return Value::failure(Failure::unsupported_key);
        if (!made->enter(i)) return Value::failure(Failure::duplicate_key);
    }
    return Value::map(*made);
}

}  // namespace weir::cel
