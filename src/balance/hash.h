/// Which endpoint a key belongs to: rendezvous hashing with weights.
///
/// Each endpoint draws a number from (its identity, the key); the smallest of -ln(u) / weight wins.
/// So keys are spread in proportion to the weights, and when an endpoint leaves or fails exactly
/// its own keys move (1/n on average), each to its second choice; nothing else. The same on every
/// worker and after every restart, because nothing but the two names goes in. Costs one
/// multiplication chain per endpoint, which for the handful of endpoints of a rule is less than
/// keeping a Maglev table true. Pure functions.
#pragma once
#include <cmath>
#include <cstdint>
#include <string_view>

namespace weir::balance {

/// Spreads every bit over all others (the finaliser of SplitMix64).
constexpr uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

/// FNV-1a, finished. Stable over versions and machines.
constexpr uint64_t hash_of(std::string_view text) {
    uint64_t hash = 0xcbf29ce484222325ull;
    for (char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return mixed(hash);
}

/// Several values as one key: order and boundaries count.
constexpr uint64_t combined(uint64_t hash, uint64_t next) {
    return mixed(hash ^ mixed(next + 0x9e3779b97f4a7c15ull));
}

/// The endpoint with the smallest score has the key. `weight` above 0.
inline double rendezvous_score(uint64_t endpoint, uint64_t key, double weight) {
    uint64_t drawn = mixed(endpoint ^ mixed(key + 0x9e3779b97f4a7c15ull));
    double u = (static_cast<double>(drawn >> 11) + 0.5) * 0x1.0p-53;  // in (0, 1)
    return -std::log(u) / weight;
}

}  // namespace weir::balance
