/// Finding things in the raw bytes of an SSE stream of JSON, without taking it apart.
///
/// JSON never has a raw line end inside a string, nor an unescaped quote: what looks like a key or
/// the start of a line is one. Pure functions.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::dialect {

/// So many bytes behind a candidate always decide what it is.
inline constexpr size_t kUndecided = 64;

/// First place at or after `from` where a key may begin with u, e or m, or a line with d or e. What
/// nearly every event has and what says nothing is passed over: `"usage":null`, a line of JSON and,
/// once the model is known, `"model":`. The last byte alone is no candidate; npos if there is none.
size_t find_candidate(std::string_view bytes, size_t from, bool model_known);
/// The last byte of a buffer could be the first of a candidate.
bool may_begin(char c);

/// The end of the event that `at` lies in: just behind its blank line; npos if that has not come.
size_t event_end(std::string_view bytes, size_t at);
/// Just behind the last blank line; 0 if there is none.
size_t last_event_end(std::string_view bytes);
/// The data lines of an event, joined.
std::string data_of(std::string_view event);

/// Length of `"name" :` and the white space behind it at the front of text; 0 if it is something
/// else, npos if the text ends too early to say.
size_t match_key(std::string_view text, std::string_view quoted_name);

}  // namespace weir::dialect
