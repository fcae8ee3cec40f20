#include "dialect/gemini/citations.h"

#include <algorithm>

#include "dialect/writer.h"

namespace weir::dialect::gemini {
namespace {

int64_t number_at(const json::Value& object, std::string_view key, int64_t other) {
    const auto* value = object.find(key);
    return value ? value->as_int().value_or(other) : other;
}

// {"web":{…}}, {"retrievedContext":{…}}, {"maps":{…}}: what the answer was given to read.
Citation of_chunk(const json::Value& chunk) {
    Citation out;
    for (const auto& [kind, source] : chunk.members()) {
        out.url = source.string_at("uri");
        out.title = source.string_at("title");
        out.quote = source.string_at("text");
        if (kind == "retrievedContext" && out.url.empty()) out.source = Citation::Source::document;
    }
    return out;
}

class Decoder {
public:
    Decoder(const SaidText& said, std::span<const int> parts) : said_(said), parts_(parts) {}

    std::vector<PlacedCitation> grounding(const json::Value& chunks, const json::Value* supports) {
        if (!supports || supports->items().empty()) {  // the answer as a whole
            for (const auto& chunk : chunks.items())
                out_.push_back({said_.last_part(), of_chunk(chunk)});
            return std::move(out_);
        }
        for (const auto& support : supports->items()) {
            const auto* segment = support.find("segment");
            const auto* indices = support.find("groundingChunkIndices");
            if (!segment || !indices) continue;
            for (const auto& index : indices->items()) {
                const auto number = index.as_int();
                if (!number || *number < 0 || static_cast<size_t>(*number) >= chunks.items().size())
                    continue;
                place(of_chunk(chunks.items()[static_cast<size_t>(*number)]), *segment);
            }
        }
        return std::move(out_);
    }

    std::vector<PlacedCitation> sources(const json::Value& list) {
        for (const auto& source : list.items())
            place({.url = std::string(source.string_at("uri")),
                   .title = std::string(source.string_at("title"))},
                  source);
        return std::move(out_);
    }

private:
    // `where` has startIndex (0 if it does not say), endIndex and perhaps partIndex.
    void place(Citation citation, const json::Value& where) {
        SaidText::Range bytes{number_at(where, "startIndex", 0), number_at(where, "endIndex", 0)};
        const int64_t part = number_at(where, "partIndex", 0);
        if (part > 0 && static_cast<size_t>(part) < parts_.size() &&
            parts_[static_cast<size_t>(part)] >= 0) {
            const int64_t before = said_.begin_byte(parts_[static_cast<size_t>(part)]);
            bytes.begin += before;
            bytes.end += before;
        }
        const auto found = said_.find_bytes(bytes);
        if (!found) return;
        citation.begin = found->characters.begin;
        citation.end = found->characters.end;
        out_.push_back({found->part, std::move(citation)});
    }

    const SaidText& said_;
    std::span<const int> parts_;
    std::vector<PlacedCitation> out_;
};

}  // namespace

std::vector<PlacedCitation> decode_citations(const json::Value& member, const SaidText& said,
                                             std::span<const int> parts) {
    if (said.empty()) return {};
    Decoder decoder(said, parts);
    if (const auto* chunks = member.find("groundingChunks"))
        return decoder.grounding(*chunks, member.find("groundingSupports"));
    for (std::string_view key : {"citations", "citationSources"})  // Vertex AI's word, AI Studio's
        if (const auto* list = member.find(key)) return decoder.sources(*list);
    return {};
}

void Grounding::add(const Citation& citation, const Segment& segment) {
    std::string chunk;
    Writer w(chunk);
    const bool page = citation.source == Citation::Source::page;
    w.begin_object().key(page ? "web" : "retrievedContext").begin_object();
    if (!citation.url.empty()) w.key("uri").string(citation.url);
    if (!citation.title.empty()) w.key("title").string(citation.title);
    if (!page && !citation.quote.empty()) w.key("text").string(citation.quote);
    w.end_object().end_object();
    const auto [known, added] = numbers_.emplace(chunk, static_cast<int>(chunks_.size()));
    if (added) chunks_.push_back(std::move(chunk));
    if (!supports_.empty()) {
        Support& last = supports_.back();
        if (last.segment.part == segment.part && last.segment.bytes.begin == segment.bytes.begin &&
            last.segment.bytes.end == segment.bytes.end) {
            last.chunks.push_back(known->second);
            return;
        }
    }
    supports_.push_back(
        {{segment.part, segment.bytes}, std::string(segment.text), {known->second}});
}

void Grounding::append(std::string& out) const {
    Writer w(out);
    w.begin_object().key("groundingChunks").begin_array();
    for (const auto& chunk : chunks_)
        w.raw(chunk);
    w.end_array().key("groundingSupports").begin_array();
    for (const auto& support : supports_) {
        w.begin_object().key("segment").begin_object();
        if (support.segment.part > 0) w.key("partIndex").integer(support.segment.part);
        w.key("startIndex").integer(support.segment.bytes.begin);
        w.key("endIndex").integer(support.segment.bytes.end);
        if (!support.text.empty()) w.key("text").string(support.text);
        w.end_object().key("groundingChunkIndices").begin_array();
        for (int chunk : support.chunks)
            w.integer(chunk);
        w.end_array().end_object();
    }
    w.end_array().end_object();
}

}  // namespace weir::dialect::gemini
