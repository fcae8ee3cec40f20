// Arithmetic. Whole numbers never wrap: what does not fit is a failure. Doubles follow IEEE 754.
#include <cmath>
#include <limits>

#include "cel/functions.h"
#include "cel/time.h"

namespace weir::cel {
namespace {

Value overflow() {
    return Value::failure(Failure::overflow);
}
Value natural_overflow() {
    return Value::failure(Failure::natural_overflow);
}

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();

}  // namespace

Value add(Call& call) {
    const Value& a = call[0];
    const Value& b = call[1];
    if (call.has({Kind::natural, Kind::natural})) {
        uint64_t sum = 0;
        if (__builtin_add_overflow(a.as_natural(), b.as_natural(), &sum)) return natural_overflow();
        return Value::natural(sum);
    }
    if (call.has({Kind::integer, Kind::integer})) {
        int64_t sum = 0;
        if (__builtin_add_overflow(a.as_integer(), b.as_integer(), &sum)) return overflow();
        return Value::integer(sum);
    }
    if (call.has({Kind::real, Kind::real})) return Value::real(a.as_real() + b.as_real());
    if (a.kind() == b.kind() && (a.is(Kind::string) || a.is(Kind::bytes)))
        return call.run.concatenate(a.kind(), a.text(), b.text());
    if (call.has({Kind::list, Kind::list})) {
        const ListView& first = a.as_list();
        const ListView& second = b.as_list();
        const size_t size = first.size() + second.size();
        if (!call.run.charge(size)) return call.run.over_failure();
        auto items = call.run.arena.array<Value>(size);
        if (call.run.over()) return call.run.over_failure();
        for (size_t i = 0; i < size; ++i)
            items[i] = i < first.size() ? first.at(i, call.run.arena)
                                        : second.at(i - first.size(), call.run.arena);
        return call.run.list(items);
    }
    if (call.has({Kind::timestamp, Kind::duration}))
        return shifted(a.as_timestamp(), b.as_duration());
    if (call.has({Kind::duration, Kind::timestamp}))
        return shifted(b.as_timestamp(), a.as_duration());
    if (call.has({Kind::duration, Kind::duration})) {
        int64_t sum = 0;
        if (__builtin_add_overflow(a.as_duration(), b.as_duration(), &sum))
            return Value::failure(Failure::range);
        return Value::duration(sum);
    }
    return no_overload();
}

Value subtract(Call& call) {
    const Value& a = call[0];
    const Value& b = call[1];
    if (call.has({Kind::natural, Kind::natural})) {
        if (a.as_natural() < b.as_natural()) return natural_overflow();
        return Value::natural(a.as_natural() - b.as_natural());
    }
    if (call.has({Kind::integer, Kind::integer})) {
        int64_t difference = 0;
        if (__builtin_sub_overflow(a.as_integer(), b.as_integer(), &difference)) return overflow();
        return Value::integer(difference);
    }
    if (call.has({Kind::real, Kind::real})) return Value::real(a.as_real() - b.as_real());
    if (call.has({Kind::timestamp, Kind::timestamp}))
        return between(b.as_timestamp(), a.as_timestamp());
    if (call.has({Kind::timestamp, Kind::duration})) {
        if (b.as_duration() == kLowest) return Value::failure(Failure::range);
        return shifted(a.as_timestamp(), -b.as_duration());
    }
    if (call.has({Kind::duration, Kind::duration})) {
        int64_t difference = 0;
        if (__builtin_sub_overflow(a.as_duration(), b.as_duration(), &difference))
            return Value::failure(Failure::range);
        return Value::duration(difference);
    }
    return no_overload();
}

Value multiply(Call& call) {
    const Value& a = call[0];
    const Value& b = call[1];
    if (call.has({Kind::natural, Kind::natural})) {
        uint64_t product = 0;
        if (__builtin_mul_overflow(a.as_natural(), b.as_natural(), &product))
            return natural_overflow();
        return Value::natural(product);
    }
    if (call.has({Kind::integer, Kind::integer})) {
        int64_t product = 0;
        if (__builtin_mul_overflow(a.as_integer(), b.as_integer(), &product)) return overflow();
        return Value::integer(product);
    }
    if (call.has({Kind::real, Kind::real})) return Value::real(a.as_real() * b.as_real());
    return no_overload();
}

Value divide(Call& call) {
    const Value& a = call[0];
    const Value& b = call[1];
    if (call.has({Kind::natural, Kind::natural})) {
        if (b.as_natural() == 0) return Value::failure(Failure::division_by_zero);
        return Value::natural(a.as_natural() / b.as_natural());
    }
    if (call.has({Kind::integer, Kind::integer})) {
        if (b.as_integer() == 0) return Value::failure(Failure::division_by_zero);
        if (a.as_integer() == kLowest && b.as_integer() == -1) return overflow();
        return Value::integer(a.as_integer() / b.as_integer());
    }
    if (call.has({Kind::real, Kind::real})) {
        const double n = a.as_real();
        const double d = b.as_real();
        if (d != 0) return Value::real(n / d);
        // What IEEE 754 says, written out: for C++ the division itself is undefined.
        if (n == 0 || std::isnan(n)) return Value::real(std::numeric_limits<double>::quiet_NaN());
        const double infinite = std::numeric_limits<double>::infinity();
        return Value::real(std::signbit(n) == std::signbit(d) ? infinite : -infinite);
    }
    return no_overload();
}

Value modulo(Call& call) {
    const Value& a = call[0];
    const Value& b = call[1];
    if (call.has({Kind::natural, Kind::natural})) {
        if (b.as_natural() == 0) return Value::failure(Failure::modulus_by_zero);
        return Value::natural(a.as_natural() % b.as_natural());
    }
    if (call.has({Kind::integer, Kind::integer})) {
        if (b.as_integer() == 0) return Value::failure(Failure::modulus_by_zero);
        if (b.as_integer() == -1) return Value::integer(0);
        return Value::integer(a.as_integer() % b.as_integer());
    }
    return no_overload();
}

Value negate(Call& call) {
    const Value& a = call[0];
    if (a.is(Kind::real)) return Value::real(-a.as_real());
    if (a.is(Kind::integer))
        return a.as_integer() == kLowest ? overflow() : Value::integer(-a.as_integer());
    if (a.is(Kind::duration) && a.as_duration() != kLowest)
        return Value::duration(-a.as_duration());
    return a.is(Kind::duration) ? Value::failure(Failure::range) : no_overload();
}

Value logical_not(Call& call) {
    return call[0].is(Kind::boolean) ? Value::boolean(!call[0].as_boolean()) : no_overload();
}

}  // namespace weir::cel
