/// The implementations behind the table of function.h, by subject. Only functions*.cpp include it.
#pragma once
#include "cel/function.h"

namespace weir::cel {

inline Value no_overload() {
    return Value::failure(Failure::no_such_overload);
}

// functions_number.cpp
Value add(Call& call);
Value subtract(Call& call);
Value multiply(Call& call);
Value divide(Call& call);
Value modulo(Call& call);
Value negate(Call& call);
Value logical_not(Call& call);

// functions_compare.cpp
Value equals(Call& call);
Value differs(Call& call);
Value less(Call& call);
Value less_or_equal(Call& call);
Value greater(Call& call);
Value greater_or_equal(Call& call);
Value contained_in(Call& call);
Value index(Call& call);
Value size(Call& call);

// functions_convert.cpp
Value to_type(Call& call);
Value to_dyn(Call& call);
Value to_bool(Call& call);
Value to_int(Call& call);
Value to_uint(Call& call);
Value to_double(Call& call);
Value to_string(Call& call);
Value to_bytes(Call& call);
Value to_timestamp(Call& call);
Value to_duration(Call& call);

// functions_string.cpp
Value contains(Call& call);
Value starts_with(Call& call);
Value ends_with(Call& call);
Value matches(Call& call);

// functions_text.cpp
Value char_at(Call& call);
Value index_of(Call& call);
Value last_index_of(Call& call);
Value substring(Call& call);
Value lower_ascii(Call& call);
Value upper_ascii(Call& call);
Value trim(Call& call);
Value reverse(Call& call);

// functions_split.cpp
Value replace(Call& call);
Value split(Call& call);
Value join(Call& call);
Value quote(Call& call);

// functions_format.cpp
Value format(Call& call);

// functions_time.cpp
Value get_full_year(Call& call);
Value get_month(Call& call);
Value get_date(Call& call);
Value get_day_of_month(Call& call);
Value get_day_of_week(Call& call);
Value get_day_of_year(Call& call);
Value get_hours(Call& call);
Value get_minutes(Call& call);
Value get_seconds(Call& call);
Value get_milliseconds(Call& call);

}  // namespace weir::cel
