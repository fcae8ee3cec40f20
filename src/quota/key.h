/// Which counter of a limit: one for everybody, or one for each value of a Distinct selector.
///
/// Values (user ids, addresses) are not kept: 128 bits of a keyed hash stand for them, so a state
/// file, a metric or an API answer cannot give them away, and nobody who does not know the key can
/// find two values that share a counter. SipHash-2-4 with 128 bits (Aumasson and Bernstein,
/// "SipHash: a fast short-input PRF"; the reference implementation's output for 128 bits).
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::quota {

struct Key {
    uint64_t low = 1;  ///< never 0: that is a free counter
    uint64_t high = 1;
    auto operator<=>(const Key&) const = default;
    /// 16 hexadecimal digits, for people.
    std::string to_string() const;
};

/// The key of a limit without a Distinct selector.
inline constexpr Key kEverybody{};

/// The same values give the same Key as long as the secret is the same. Immutable; any thread.
class KeyHasher {
public:
    KeyHasher(uint64_t secret_low, uint64_t secret_high) : k0_(secret_low), k1_(secret_high) {}
    Key of(std::string_view value) const;
    /// Of several values in order.
    Key combined(const Key& first, const Key& second) const;

private:
    uint64_t k0_, k1_;
};

}  // namespace weir::quota
