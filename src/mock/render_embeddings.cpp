// Embeddings as Google and Cohere answer them, and rankings. Formats: as read_other.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "dialect/writer.h"
#include "mock/render.h"
#include "mock/text.h"

namespace weir::mock {
namespace {

using dialect::Writer;

void put_google(Writer& w, const Question& q, std::size_t input) {
    w.begin_object().key("values").raw(detail::embedding(q.inputs[input], q.dimensions));
    if (q.ask == Ask::predict) {
        w.key("statistics").begin_object();
        w.key("token_count").integer(count_words(q.inputs[input]));
        w.key("truncated").boolean(false).end_object();
    }
    w.end_object();
}

struct Ranked {
    int64_t index;
    int64_t common;  ///< words that the document shares with the query
};

int64_t words_in_common(std::string_view query, const std::string& document) {
    const std::string lower = to_lower(document);
    int64_t common = 0;
    for (std::string_view word : split_words(query)) {
        const std::string wanted = to_lower(trim(word));
        if (!wanted.empty() && lower.find(wanted) != std::string::npos) ++common;
    }
    return common;
}

void put_ranking(Writer& w, const Question& q) {
    std::vector<Ranked> ranking;
    for (std::size_t i = 0; i < q.inputs.size(); ++i)
        ranking.push_back(
            {static_cast<int64_t>(i), words_in_common(q.last_user_text, q.inputs[i])});
    // The earlier of equals first; without a buffer, unlike stable_sort.
    std::sort(ranking.begin(), ranking.end(), [](const Ranked& a, const Ranked& b) {
        return a.common != b.common ? a.common > b.common : a.index < b.index;
    });
    if (q.max_tokens && *q.max_tokens >= 0)
        ranking.resize(std::min(ranking.size(), static_cast<std::size_t>(*q.max_tokens)));
    const double words = static_cast<double>(std::max<int64_t>(1, count_words(q.last_user_text)));
    w.key("results").begin_array();
    for (const Ranked& ranked : ranking) {
        w.begin_object().key("index").integer(ranked.index);
        w.key("relevance_score").raw(fmt::format("{}", static_cast<double>(ranked.common) / words));
        w.end_object();
    }
    w.end_array();
}

}  // namespace

std::string detail::google_embeddings(const Question& q, const Answer& a) {
    std::string out;
    Writer w(out);
    w.begin_object();
    if (q.ask == Ask::embed_content) {
        w.key("embedding");
        if (q.inputs.empty())
            w.begin_object().end_object();
        else
            put_google(w, q, 0);
        w.key("usageMetadata").begin_object().key("promptTokenCount").integer(*a.usage.input);
        w.key("totalTokenCount").integer(*a.usage.input).end_object();
    } else {
        const bool predicts = q.ask == Ask::predict;
        w.key(predicts ? "predictions" : "embeddings").begin_array();
        for (std::size_t i = 0; i < q.inputs.size(); ++i) {
            if (predicts) w.begin_object().key("embeddings");
            put_google(w, q, i);
            if (predicts) w.end_object();
        }
        w.end_array();
    }
    w.end_object();
    return out;
}

std::string detail::cohere_whole(const Question& q, const Answer& a) {
    std::string out;
    Writer w(out);
    w.begin_object().key("id").string(make_id("mock-", q, 20));
    if (q.ask == Ask::rerank) {
        put_ranking(w, q);
    } else {
        w.key("embeddings").begin_object().key("float").begin_array();
        for (const std::string& input : q.inputs)
            w.raw(embedding(input, q.dimensions));
        w.end_array().end_object();
    }
    w.key("meta").begin_object().key("billed_units").begin_object();
    if (q.ask == Ask::rerank)
        w.key("search_units").integer(1);
    else
        w.key("input_tokens").integer(*a.usage.input);
    w.end_object().key("tokens").begin_object().key("input_tokens").integer(*a.usage.input);
    w.key("output_tokens").integer(0).end_object().end_object().end_object();
    return out;
}

}  // namespace weir::mock
