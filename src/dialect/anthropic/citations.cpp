#include "dialect/citations.h"
#include "dialect/anthropic/messages.h"
#include "dialect/writer.h"

namespace weir::dialect::anthropic {
namespace {

struct Words {
    std::string_view type;
    std::string_view from;
    std::string_view to;
};

Words words_of(Citation::Unit unit) {
    switch (unit) {
        case Citation::Unit::characters:
            return {"char_location", "start_char_index", "end_char_index"};
        case Citation::Unit::pages:
            return {"page_location", "start_page_number", "end_page_number"};
        case Citation::Unit::blocks:
            return {"content_block_location", "start_block_index", "end_block_index"};
        case Citation::Unit::none:
            break;
    }
    return {};
}

void write_title(Writer& w, std::string_view key, const std::string& title) {
    w.key(key);
    if (title.empty())
        w.null();
    else
        w.string(title);
}

}  // namespace

bool append_citation(std::string& out, const Citation& citation) {
    const bool document = citation.source == Citation::Source::document;
    const bool result = citation.source == Citation::Source::result && citation.index >= 0 &&
                        citation.unit == Citation::Unit::blocks;
    const Words words = words_of(citation.unit);
    if (document && (citation.index < 0 || words.type.empty())) return false;
    if (!document && !result && !has_address(citation)) return false;
    Writer w(out);
    w.begin_object().key("type");
    if (document) {
        w.string(words.type).key("document_index").integer(citation.index);
        write_title(w, "document_title", citation.title);
    } else if (result) {
        w.string("search_result_location").key("search_result_index").integer(citation.index);
        w.key("source").string(citation.url);
        write_title(w, "title", citation.title);
    } else {
        // The index is Anthropic's own proof of where its search found the page: there is none.
        w.string("web_search_result_location").key("url").string(citation.url);
        write_title(w, "title", citation.title);
        w.key("encrypted_index").string("");
    }
    if (document || result) {
        const Words place = result ? words_of(Citation::Unit::blocks) : words;
        w.key(place.from).integer(citation.from).key(place.to).integer(citation.to);
    }
    w.key("cited_text").string(citation.quote).end_object();
    return true;
}

}  // namespace weir::dialect::anthropic
