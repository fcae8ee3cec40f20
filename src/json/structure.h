/// Where a document's tokens start, found by simdjson's first stage at several bytes a cycle.
///
/// The first stage also proves UTF-8, closed strings and the absence of control characters in them.
/// What is left, the grammar over the tokens, is peek.cpp's. simdjson's own second stage is not
/// used: it refuses integers beyond 64 bits and copies every string.
/// Threads: one Structure per worker; not thread-safe.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace weir::json {

class Structure {
public:
    /// Larger documents are not taken, so that an index costs a worker at most 4 MiB.
    static constexpr size_t kMaxDocument = 1024 * 1024;

    Structure();
    ~Structure();

    /// Offsets of all brackets, commas and colons outside strings, of opening quotes and of first
    /// bytes of other scalars; empty if the document is too large or not JSON. Valid until the next
    /// call. Reads nothing behind `document`.
    std::span<const uint32_t> find(std::string_view document);
    /// For tests: uses simdjson's implementation of that name; false if this machine has none.
    bool use_implementation(std::string_view name);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir::json
