// Searching in strings: contains, startsWith, endsWith, matches.
#include <cstring>

#include "cel/functions.h"
#include "cel/prepared.h"

namespace weir::cel {
namespace {

re2::StringPiece piece(std::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

Value contains(Call& call) {
    if (!call.has({Kind::string, Kind::string})) return no_overload();
    const auto text = call[0].text();
    const auto wanted = call[1].text();
    if (!call.run.charge_text(text.size())) return call.run.over_failure();
    if (wanted.empty()) return Value::boolean(true);
    // memmem is linear for every needle, unlike string_view::find.
    return Value::boolean(memmem(text.data(), text.size(), wanted.data(), wanted.size()));
}

Value starts_with(Call& call) {
    if (!call.has({Kind::string, Kind::string})) return no_overload();
    return Value::boolean(call[0].text().starts_with(call[1].text()));
}

Value ends_with(Call& call) {
    if (!call.has({Kind::string, Kind::string})) return no_overload();
    return Value::boolean(call[0].text().ends_with(call[1].text()));
}

/// True if the expression matches somewhere. A literal expression was compiled with the program.
Value matches(Call& call) {
    if (!call.has({Kind::string, Kind::string})) return no_overload();
    const auto text = call[0].text();
    if (!call.run.charge_text(text.size())) return call.run.over_failure();
    if (const auto* prepared = static_cast<const re2::RE2*>(call.prepared))
        return Value::boolean(re2::RE2::PartialMatch(piece(text), *prepared));
    constexpr size_t kLongestPattern = 4096;
    constexpr uint64_t kCompileSteps = 1000;
    if (call[1].text().size() > kLongestPattern) return Value::failure(Failure::regex);
    if (!call.run.charge(kCompileSteps)) return call.run.over_failure();
    const re2::RE2 pattern(piece(call[1].text()), regex_options());
    if (!pattern.ok()) return Value::failure(Failure::regex);
    return Value::boolean(re2::RE2::PartialMatch(piece(text), pattern));
}

}  // namespace weir::cel
