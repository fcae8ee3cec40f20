#include "json/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "json/decimal.h"
#include "json/lexer.h"

namespace weir::json {
namespace {

bool is_number_literal(std::string_view text) {
    lex::Problem problem;
    const char* end = text.data() + text.size();
    return lex::skip_number(text.data(), end, problem) == end;
}

template <class Number>
std::string shortest(Number n) {
    char buffer[32];
    auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, n);
    return std::string(buffer, end);
}

/// Members in key order; equal keys keep their own order.
std::vector<const Member*> by_key(const std::vector<Member>& members) {
    std::vector<const Member*> sorted(members.size());
    std::transform(members.begin(), members.end(), sorted.begin(),
                   [](const Member& m) { return &m; });
    std::sort(sorted.begin(), sorted.end(), [](const Member* a, const Member* b) {
        return a->key != b->key ? a->key < b->key : a < b;
    });
    return sorted;
}

bool same_members(const std::vector<Member>& a, const std::vector<Member>& b) {
    if (a.size() != b.size()) return false;
    auto left = by_key(a);
    auto right = by_key(b);
    return std::equal(
        left.begin(), left.end(), right.begin(),
        [](const Member* x, const Member* y) { return x->key == y->key && x->value == y->value; });
}

}  // namespace

Value Value::boolean(bool b) {
    Value v;
    v.kind_ = Kind::boolean;
    v.bool_ = b;
    return v;
}

Value Value::integer(int64_t i) {
    return number(shortest(i));
}

Value Value::real(double d) {
    return std::isfinite(d) ? number(shortest(d)) : Value();
}

Value Value::number(std::string literal) {
    WEIR_ASSERT(is_number_literal(literal));
    Value v;
    v.kind_ = Kind::number;
    v.text_ = std::move(literal);
    return v;
}

Value Value::string(std::string text) {
    Value v;
    v.kind_ = Kind::string;
    v.text_ = std::move(text);
    return v;
}

Value Value::array() {
    return array(std::vector<Value>());
}
Value Value::object() {
    return object(std::vector<Member>());
}

Value Value::array(std::vector<Value> items) {
    Value v;
    v.kind_ = Kind::array;
    v.items_ = std::move(items);
    return v;
}

Value Value::object(std::vector<Member> members) {
    Value v;
    v.kind_ = Kind::object;
    v.members_ = std::move(members);
    return v;
}

std::optional<int64_t> Value::as_int() const {
    if (!is_number()) return std::nullopt;
    int64_t i = 0;
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), i);
    if (error == std::errc() && end == text_.data() + text_.size()) return i;
    return Decimal(text_).as_int();
}

std::optional<double> Value::as_double() const {
    if (!is_number()) return std::nullopt;
    double d = 0;
    auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), d);
    if (error == std::errc()) return d;
    // Out of range: too small is zero, too large is no double.
    return Decimal(text_).magnitude() < 0 ? std::optional(text_[0] == '-' ? -0.0 : 0.0)
                                          : std::nullopt;
}

const Value* Value::find(std::string_view key) const {
    for (const Member& member : members_)
        if (member.key == key) return &member.value;
    return nullptr;
}

Value* Value::find(std::string_view key) {
    return const_cast<Value*>(std::as_const(*this).find(key));
}

std::string_view Value::string_at(std::string_view key) const {
    const Value* value = find(key);
    return value && value->is_string() ? value->text() : std::string_view();
}

Value& Value::set(std::string_view key, Value value) {
    if (is_null()) kind_ = Kind::object;
    WEIR_ASSERT(is_object());
    if (Value* old = find(key)) return *old = std::move(value);
    return members_.emplace_back(std::string(key), std::move(value)).value;
}

bool Value::erase(std::string_view key) {
    return std::erase_if(members_, [&](const Member& member) { return member.key == key; }) > 0;
}

Value& Value::push_back(Value item) {
    if (is_null()) kind_ = Kind::array;
    WEIR_ASSERT(is_array());
    return items_.emplace_back(std::move(item));
}

bool operator==(const Value& a, const Value& b) {
    if (a.kind_ != b.kind_) return false;
    switch (a.kind_) {
        case Kind::null:
            return true;
        case Kind::boolean:
            return a.bool_ == b.bool_;
        case Kind::string:
            return a.text_ == b.text_;
        case Kind::number:
            return a.text_ == b.text_ || Decimal(a.text_) == Decimal(b.text_);
        case Kind::array:
            return a.items_ == b.items_;
        case Kind::object:
            return same_members(a.members_, b.members_);
    }
    return false;
}

}  // namespace weir::json
