#include "dialect/gemini/models.h"

namespace weir::dialect::gemini {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// 25 for "gemini-2.5-flash"; 0 for names that say none. Aliases ("gemini-flash-latest") are new.
int generation(std::string_view model) {
    constexpr std::string_view kFamily = "gemini-";
    const size_t at = model.find(kFamily);
    if (at == std::string_view::npos) return 0;
    std::string_view rest = model.substr(at + kFamily.size());
    if (rest.empty() || !is_digit(rest[0])) return rest.ends_with("-latest") ? 30 : 0;
    const int major = (rest[0] - '0') * 10;
    if (rest.size() < 3 || rest[1] != '.' || !is_digit(rest[2])) return major;
    return major + (rest[2] - '0');
}

}  // namespace

bool takes_json_schema(std::string_view model) {
    return generation(model) >= 25;
}
bool thinks(std::string_view model) {
    return generation(model) >= 25;
}
bool thinks_in_levels(std::string_view model) {
    return generation(model) >= 30;
}
bool wants_signatures(std::string_view model) {
    return generation(model) >= 30;
}
bool takes_media_resolution(std::string_view model) {
    return generation(model) >= 30;
}
bool is_flash(std::string_view model) {
    return model.find("flash") != std::string_view::npos;
}
bool embeds_content(std::string_view model) {
    return model.starts_with("gemini") && model != "gemini-embedding-001";
}

}  // namespace weir::dialect::gemini
