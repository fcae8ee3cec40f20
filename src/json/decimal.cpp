#include "json/decimal.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace weir::json {
namespace {

// Far from overflow when digit counts are added to it, far beyond any number that matters.
constexpr int64_t kHuge = std::numeric_limits<int64_t>::max() / 4;

int64_t parse_exponent(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return text.starts_with('-') ? -kHuge : kHuge;
    return std::clamp(value, -kHuge, kHuge);
}

}  // namespace

Decimal::Decimal(std::string_view literal) {
    negative_ = literal.starts_with('-');
    if (negative_) literal.remove_prefix(1);
    if (size_t e = literal.find_first_of("eE"); e != std::string_view::npos) {
        exponent_ = parse_exponent(literal.substr(e + 1));
        literal = literal.substr(0, e);
    }
    size_t dot = literal.find('.');
    digits_ = literal.substr(0, dot);
    if (dot != std::string_view::npos) {
        digits_.append(literal.substr(dot + 1));
        exponent_ -= static_cast<int64_t>(literal.size() - dot - 1);
    }
    digits_.erase(0, digits_.find_first_not_of('0'));
    size_t significant = digits_.find_last_not_of('0') + 1;  // 0 when there is none
    exponent_ += static_cast<int64_t>(digits_.size() - significant);
    digits_.resize(significant);
    if (digits_.empty()) {
        negative_ = false;
        exponent_ = 0;
    }
}

std::optional<int64_t> Decimal::as_int() const {
    if (digits_.empty()) return 0;
    constexpr int64_t kMaxDigits = std::numeric_limits<uint64_t>::digits10;  // 19
    if (exponent_ < 0 || exponent_ > kMaxDigits) return std::nullopt;
    if (digits_.size() + static_cast<size_t>(exponent_) > kMaxDigits) return std::nullopt;
    uint64_t value = 0;
    for (char c : digits_)
        value = value * 10 + static_cast<uint64_t>(c - '0');
    for (int64_t i = 0; i < exponent_; ++i)
        value *= 10;
    constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (value > kMax + (negative_ ? 1 : 0)) return std::nullopt;
    return static_cast<int64_t>(negative_ ? 0 - value : value);
}

int64_t Decimal::magnitude() const {
    return digits_.empty() ? 0 : exponent_ + static_cast<int64_t>(digits_.size()) - 1;
}

}  // namespace weir::json
