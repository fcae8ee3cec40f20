/// Alternatives that share host and path, found by the header that tells them apart best.
///
/// Among those headers that alternatives compare exactly, the one with the most distinct values is
/// looked up once per request; what is left to try is the alternatives with that value and those
/// that do not compare it. Entries are ranks: a smaller one takes precedence.
/// Threads: immutable after building.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "route/matcher.h"

namespace weir::route {

struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
/// Looked up by view, without a copy.
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// A header of the request; the model header is what the body says, never what the client sent.
inline std::optional<std::string_view> header_of(const RequestView& request,
                                                 std::string_view name) {
    if (name == kModelHeader) return request.model;
    return request.headers ? request.headers->find(name) : std::nullopt;
}

class Candidates {
public:
    void add(uint32_t rank) { others_.push_back(rank); }
    /// Call once, after all were added. `headers_of(rank)` gives an alternative's header matches,
    /// names in lower case.
    template <class HeadersOf>
    void build(HeadersOf headers_of);

    /// The first rank in order of precedence for which `test(rank)` holds.
    template <class Test>
    std::optional<uint32_t> first(const RequestView& request, Test test) const;

private:
    static std::string choose_header(const std::vector<const std::vector<HeaderMatch>*>& headers);

    std::string header_;  ///< empty: all are in others_
    TextMap<std::vector<uint32_t>> by_value_;
    std::vector<uint32_t> others_;
};

template <class HeadersOf>
void Candidates::build(HeadersOf headers_of) {
    std::sort(others_.begin(), others_.end());
    std::vector<const std::vector<HeaderMatch>*> headers;
    for (uint32_t rank : others_)
        headers.push_back(&headers_of(rank));
    header_ = choose_header(headers);
    if (header_.empty()) return;
    std::vector<uint32_t> rest;
    for (uint32_t rank : others_) {
        const std::string* value = nullptr;
        for (const HeaderMatch& match : headers_of(rank))
            if (!match.regex && match.name == header_) value = &match.value;
        (value ? by_value_[*value] : rest).push_back(rank);
    }
    others_ = std::move(rest);
}

template <class Test>
std::optional<uint32_t> Candidates::first(const RequestView& request, Test test) const {
    static const std::vector<uint32_t> kNone;
    const std::vector<uint32_t>* same_value = &kNone;
    if (!header_.empty()) {
        if (auto value = header_of(request, header_)) {
            auto found = by_value_.find(*value);
            if (found != by_value_.end()) same_value = &found->second;
        }
    }
    auto a = same_value->begin();
    auto b = others_.begin();
    while (a != same_value->end() || b != others_.end()) {
        bool take_a = b == others_.end() || (a != same_value->end() && *a < *b);
        uint32_t rank = take_a ? *a++ : *b++;
        if (test(rank)) return rank;
    }
    return std::nullopt;
}

}  // namespace weir::route
