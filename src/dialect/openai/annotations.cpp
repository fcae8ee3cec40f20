#include "dialect/openai/chat.h"
#include "dialect/writer.h"

namespace weir::dialect::openai {

std::optional<Citation> decode_annotation(const json::Value& annotation) {
    if (annotation.string_at("type") != "url_citation") return std::nullopt;
    const auto* nested = annotation.find("url_citation");
    const json::Value& page = nested ? *nested : annotation;
    Citation out{.url = std::string(page.string_at("url")),
                 .title = std::string(page.string_at("title"))};
    if (out.url.empty()) return std::nullopt;
    const auto* begin = page.find("start_index");
    const auto* end = page.find("end_index");
    if (begin && end) {
        out.begin = begin->as_int().value_or(-1);
        out.end = end->as_int().value_or(out.begin);
    }
    return out;
}

void append_annotation(std::string& out, const Citation& citation, int64_t begin, int64_t end,
                       bool nested) {
    Writer w(out);
    w.begin_object().key("type").string("url_citation");
    if (nested) w.key("url_citation").begin_object();
    w.key("start_index").integer(begin).key("end_index").integer(end);
    w.key("url").string(citation.url).key("title").string(citation.title).end_object();
    if (nested) w.end_object();
}

}  // namespace weir::dialect::openai
