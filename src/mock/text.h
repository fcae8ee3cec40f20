/// Words: the mock provider's tokens.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir::mock {

/// The words of `text`, in order (views of it).
std::vector<std::string_view> split_words(std::string_view text);
int64_t count_words(std::string_view text);
/// At most `limit` bytes of `text`, cut between UTF-8 characters.
std::string_view clip(std::string_view text, std::size_t limit);
/// FNV-1a, 64 bits.
uint64_t hash_text(std::string_view text, uint64_t seed = 0xCBF29CE484222325);

/// How many characters a UTF-8 text has.
int64_t count_characters(std::string_view text);

}  // namespace weir::mock
