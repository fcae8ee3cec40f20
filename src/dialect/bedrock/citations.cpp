#include "dialect/bedrock/converse.h"
#include "dialect/writer.h"

namespace weir::dialect::bedrock {
namespace {

// CitationLocation of the API reference; `web` has an address instead.
struct Row {
    std::string_view key;
    Citation::Source source;
    Citation::Unit unit;
    std::string_view index;
};
constexpr Row kRows[] = {
    {"documentChar", Citation::Source::document, Citation::Unit::characters, "documentIndex"},
    {"documentPage", Citation::Source::document, Citation::Unit::pages, "documentIndex"},
    {"documentChunk", Citation::Source::document, Citation::Unit::blocks, "documentIndex"},
    {"searchResultLocation", Citation::Source::result, Citation::Unit::blocks, "searchResultIndex"},
};

int64_t number_at(const json::Value& object, std::string_view key, int64_t other) {
    const auto* value = object.find(key);
    return value ? value->as_int().value_or(other) : other;
}

// "https://example.com/page" is of example.com.
std::string_view host_of(std::string_view url) {
    const size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    url.remove_prefix(scheme + 3);
    return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace

Citation decode_citation(const json::Value& value) {
    Citation out{.url = std::string(value.string_at("source")),
                 .title = std::string(value.string_at("title")),
                 .whole = value};
    if (const auto* content = value.find("sourceContent"))
        for (const auto& piece : content->items())
            out.quote.append(piece.string_at("text"));
    const auto* location = value.find("location");
    if (!location) return out;
    if (const auto* web = location->find("web")) out.url = web->string_at("url");
    for (const auto& row : kRows) {
        const auto* place = location->find(row.key);
        if (!place) continue;
        out.source = row.source;
        out.unit = row.unit;
        out.index = number_at(*place, row.index, -1);
        out.from = number_at(*place, "start", 0);
        out.to = number_at(*place, "end", 0);
    }
    return out;
}

void append_citation(std::string& out, const Citation& citation) {
    Writer w(out);
    w.begin_object();
    if (!citation.title.empty()) w.key("title").string(citation.title);
    const bool page = citation.source == Citation::Source::page;
    if (!page && !citation.url.empty()) w.key("source").string(citation.url);
    if (!citation.quote.empty()) {
        w.key("sourceContent").begin_array().begin_object().key("text").string(citation.quote);
        w.end_object().end_array();
    }
    if (page && !citation.url.empty()) {
        w.key("location").begin_object().key("web").begin_object().key("url").string(citation.url);
        if (const auto host = host_of(citation.url); !host.empty()) w.key("domain").string(host);
        w.end_object().end_object();
    }
    for (const auto& row : kRows) {
        if (page || row.source != citation.source || row.unit != citation.unit) continue;
        if (citation.index < 0) continue;
        w.key("location").begin_object().key(row.key).begin_object();
        w.key(row.index).integer(citation.index);
        w.key("start").integer(citation.from).key("end").integer(citation.to);
        w.end_object().end_object();
    }
    w.end_object();
}

}  // namespace weir::dialect::bedrock
