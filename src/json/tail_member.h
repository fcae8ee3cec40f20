/// Finds a member near the end of a whole document without reading the rest.
///
/// Providers put `usage` last, behind kilobytes of text. In valid JSON an unescaped quote that
/// follows a comma or an opening brace begins a member's name; if what stands between its value and
/// the end of the document closes exactly one brace, the member is the root object's. So the answer
/// is exact for a valid document, whatever its texts say; nothing is said about whether the
/// document is valid. Threads: a pure function.
#pragma once
#include <optional>
#include <string_view>

namespace weir::json {

/// The raw value of the root object's last member of that name, if the member begins in the last
/// `window` bytes of `document`. `quoted` is the name with its quotes, free of escapes:
/// "\"usage\"".
std::optional<std::string_view> tail_member(std::string_view document, std::string_view quoted,
                                            size_t window = 4096);

}  // namespace weir::json
