#include "tokens/vocabulary.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace weir::tokens {
namespace {

constexpr size_t kMostTokens = 1 << 18;
constexpr size_t kLargest = 64 * 1024 * 1024;  ///< unpacked
constexpr size_t kHead = 12;
constexpr size_t kPlanes = 7;
constexpr uint32_t kIndexBits = 18;
constexpr uint32_t kIndexMask = (1U << kIndexBits) - 1;

/// Tables are filled to this share, in percent: a miss looks at two or three places.
constexpr size_t kFill = 55;

auto damaged(Encoding encoding, std::string_view what) {
    return fail(
        codes::internal_error,
        fmt::format("the vocabulary {} in this program is damaged: {}", to_string(encoding), what));
}

uint32_t word(std::string_view data, size_t at) {
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(data[at + i]);
    return value;
}

/// What tools/pack_vocabulary wrote, before compression.
struct Packed {
    std::string_view data;
    size_t count;

    unsigned at(size_t plane, size_t token) const {
        return static_cast<unsigned char>(data[kHead + plane * count + token]);
    }
    uint32_t left(size_t t) const { return at(0, t) | at(1, t) << 8 | at(2, t) << 16; }
    uint32_t right(size_t t) const { return at(3, t) | at(4, t) << 8 | at(5, t) << 16; }
    unsigned own_size(size_t t) const { return at(6, t); }
    std::string_view own() const { return data.substr(kHead + kPlanes * count); }
};

/// All texts in one string, in order of rank; thrown away after loading.
struct Texts {
    std::string bytes;
    std::vector<uint32_t> ends{0};

    std::string_view operator[](size_t token) const {
        return std::string_view(bytes).substr(ends[token], ends[token + 1] - ends[token]);
    }
    void close() { ends.push_back(static_cast<uint32_t>(bytes.size())); }
    size_t size() const { return ends.size() - 1; }
};

/// False if a token is made of one that comes after it.
bool read_texts(const Packed& packed, Texts& out) {
    std::string_view own = packed.own();
    out.bytes.reserve(packed.count * 8);
    out.ends.reserve(packed.count + 1);
    for (size_t token = 0; token < packed.count; ++token) {
        if (const size_t size = packed.own_size(token)) {
            if (size > own.size()) return false;
            out.bytes.append(own.substr(0, size));
            own.remove_prefix(size);
        } else {
            const uint32_t left = packed.left(token), right = packed.right(token);
            if (left >= token || right >= token) return false;
            const size_t begin = out.bytes.size(), first = out[left].size();
            out.bytes.resize(begin + first + out[right].size());
            std::ranges::copy(out[left], out.bytes.begin() + static_cast<ptrdiff_t>(begin));
            std::ranges::copy(out[right],
                              out.bytes.begin() + static_cast<ptrdiff_t>(begin + first));
        }
        out.close();
    }
    return own.empty();
}

}  // namespace

Result<std::unique_ptr<const Vocabulary>> Vocabulary::load(Encoding encoding,
                                                           std::string_view packed) {
    if (packed.size() < 4) return damaged(encoding, "empty");
    std::string data(std::min<size_t>(word(packed, 0), kLargest), '\0');
    uLongf size = data.size();
    const std::string_view deflated = packed.substr(4);
    if (uncompress(reinterpret_cast<Bytef*>(data.data()), &size,
                   reinterpret_cast<const Bytef*>(deflated.data()), deflated.size()) != Z_OK ||
        size != data.size())
        return damaged(encoding, "zlib");
    std::unique_ptr<Vocabulary> out(new Vocabulary(encoding));
    WEIR_CHECK(out->read(data));
    return std::unique_ptr<const Vocabulary>(std::move(out));
}

Result<void> Vocabulary::read(std::string_view data) {
    if (data.size() < kHead || !data.starts_with("WVOC")) return damaged(encoding_, "head");
    count_ = word(data, 4);
    if (count_ < 256 || count_ > kMostTokens ||
        data.size() != kHead + kPlanes * count_ + word(data, 8))
        return damaged(encoding_, "size");
    const Packed packed{data, count_};
    Texts texts;
    if (!read_texts(packed, texts)) return damaged(encoding_, "order");

    size_t long_tokens = 0, long_size = 0;
    for (size_t token = 0; token < count_; ++token)
        if (const size_t size = texts[token].size(); size > kShort) {
            ++long_tokens;
            long_size += size;
        }
    const auto table = [](size_t entries) { return entries * 100 / kFill + 16; };
    short_.assign(table(count_ - long_tokens), kFreeShort);
    pairs_.assign(table(count_), kFree);
    may_merge_.assign(kFilterWords, 0);
    long_slots_.assign(table(long_tokens), 0);
    long_ends_.reserve(long_tokens + 1);
    long_ends_.push_back(0);
    long_bytes_.reserve(long_size);
    of_bytes_.assign(size_t{256} * 256, kNone);
    std::ranges::fill(of_byte_, kNone);
    for (uint32_t token = 0; token < count_; ++token) {
        const std::string_view text = texts[token];
        if (text.size() == 1) of_byte_[static_cast<unsigned char>(text[0])] = token;
        if (text.size() == 2)
            of_bytes_[size_t{static_cast<unsigned char>(text[0])} << 8 |
                      static_cast<unsigned char>(text[1])] = token;
        text.size() > kShort ? add_long(text) : add_short(text);
        if (packed.own_size(token) == 0) add_pair(packed.left(token), packed.right(token), token);
    }
    if (std::ranges::find(of_byte_, kNone) != std::end(of_byte_))
        return damaged(encoding_, "a byte is no token");
    return {};
}

size_t Vocabulary::memory() const {
    return short_.capacity() * sizeof(uint64_t) + pairs_.capacity() * sizeof(uint64_t) +
           may_merge_.capacity() * sizeof(uint64_t) + long_slots_.capacity() * sizeof(uint32_t) +
           long_ends_.capacity() * sizeof(uint32_t) + long_bytes_.capacity() +
           of_bytes_.capacity() * sizeof(uint32_t) + sizeof(*this);
}

void Vocabulary::add_short(std::string_view token) {
    const uint64_t key = short_key(token.data(), token.size(), token.data() + token.size());
    size_t at = place(mix(key), short_.size());
    while (short_[at] != kFreeShort && short_[at] != key)
        at = at + 1 == short_.size() ? 0 : at + 1;
    short_[at] = key;
}

void Vocabulary::add_long(std::string_view token) {
    const uint64_t hash = long_hash(token);
    const auto index = static_cast<uint32_t>(long_ends_.size());
    long_bytes_.append(token);
    long_ends_.push_back(static_cast<uint32_t>(long_bytes_.size()));
    longest_ = std::max(longest_, token.size());
    size_t at = place(hash, long_slots_.size());
    while (long_slots_[at])
        at = at + 1 == long_slots_.size() ? 0 : at + 1;
    long_slots_[at] = static_cast<uint32_t>(hash) << kIndexBits | index;
}

void Vocabulary::add_pair(uint32_t left, uint32_t right, uint32_t merged) {
    const uint64_t key = pair_key(left, right);
    const uint64_t hash = mix(key);
    may_merge_[filter_word(hash)] |= uint64_t{1} << (hash & 63);
    size_t at = place(hash, pairs_.size());
    while (pairs_[at] != kFree)
        at = at + 1 == pairs_.size() ? 0 : at + 1;
    pairs_[at] = key << kTokenBits | merged;
}

bool Vocabulary::is_long_token(std::string_view piece) const {
    if (piece.size() > longest_) return false;
    const uint64_t hash = long_hash(piece);
    const auto mark = static_cast<uint32_t>(hash) << kIndexBits;
    for (size_t at = place(hash, long_slots_.size()); long_slots_[at];
         at = at + 1 == long_slots_.size() ? 0 : at + 1) {
        const uint32_t slot = long_slots_[at];
        if ((slot & ~kIndexMask) == mark && long_token((slot & kIndexMask) - 1) == piece)
            return true;
    }
    return false;
}

/// Of pieces longer than kShort; the last word overlaps the one before it.
uint64_t Vocabulary::long_hash(std::string_view piece) {
    uint64_t hash = piece.size(), part = 0;
    size_t at = 0;
    for (; at + 8 < piece.size(); at += 8) {
        std::memcpy(&part, piece.data() + at, 8);
        hash = mix(hash ^ part) ^ (hash >> 31);
    }
    std::memcpy(&part, piece.data() + piece.size() - 8, 8);
    return mix(hash ^ part);
}

}  // namespace weir::tokens
