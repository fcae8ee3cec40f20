#include "dialect/citations.h"
#include "dialect/cohere/chat.h"
#include "dialect/writer.h"

namespace weir::dialect::cohere {
namespace {

int64_t number_at(const json::Value& object, std::string_view key, int64_t other) {
    const auto* value = object.find(key);
    return value ? value->as_int().value_or(other) : other;
}

// A document has whatever members its client gave it; these are the usual ones.
Citation of_source(const json::Value& source) {
    Citation out{.title = std::string(source.string_at("id"))};
    const auto* document = source.find("document");
    if (!document) return out;
    if (const auto title = document->string_at("title"); !title.empty()) out.title = title;
    out.url = document->string_at("url");
    for (std::string_view key : {"text", "snippet", "data"})
        if (out.quote.empty()) out.quote = document->string_at(key);
    return out;
}

}  // namespace

std::vector<Citation> decode_citations(const json::Value& value) {
    std::vector<Citation> out;
    const int64_t begin = number_at(value, "start", -1);
    const int64_t end = number_at(value, "end", begin);
    const auto* sources = value.find("sources");
    if (!sources) return out;
    for (const auto& source : sources->items()) {
        out.push_back(of_source(source));
        if (out.back().url.empty()) out.back().source = Citation::Source::document;
        out.back().begin = begin;
        out.back().end = end;
    }
    return out;
}

void append_citation(std::string& out, const Citation& citation, std::string_view words,
                     int content) {
    const auto place = place_in(citation, count_characters(words));
    const size_t from = byte_of_character(words, place.begin);
    const std::string_view rest = words.substr(from);
    Writer w(out);
    w.begin_object().key("start").integer(place.begin).key("end").integer(place.end);
    w.key("text").string(rest.substr(0, byte_of_character(rest, place.end - place.begin)));
    w.key("sources").begin_array().begin_object();
    w.key("type").string("document").key("id");
    if (citation.index >= 0)
        w.string((citation.source == Citation::Source::result ? "result:" : "doc:") +
                 std::to_string(citation.index));
    else
        w.string(citation.url.empty() ? citation.title : citation.url);
    w.key("document").begin_object();
    if (!citation.title.empty()) w.key("title").string(citation.title);
    if (!citation.url.empty()) w.key("url").string(citation.url);
    if (!citation.quote.empty()) w.key("text").string(citation.quote);
    w.end_object().end_object().end_array();
    w.key("content_index").integer(content).key("type").string("TEXT_CONTENT").end_object();
}

}  // namespace weir::dialect::cohere
