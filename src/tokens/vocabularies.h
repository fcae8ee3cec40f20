/// The tokenizers that are loaded, and which model uses which.
///
/// A vocabulary costs megabytes and some tens of milliseconds, so only those that a configuration
/// needs are loaded, by whoever publishes the configuration and never on the request path. What is
/// not loaded is estimated by ratio.
///
/// Ownership: one object for the process, outside the snapshot; a loaded vocabulary stays until
/// the object goes. Threads: any; `prepare` may run on several threads, the first one wins.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace weir::tokens {

class Vocabulary;

enum class Encoding : uint8_t { none, cl100k_base, o200k_base };
inline constexpr size_t kEncodings = 3;

/// "cl100k_base", "o200k_base", "none".
std::string_view to_string(Encoding encoding);
/// The encoding of a model, by the names that OpenAI, Azure and routers give it ("gpt-4o-mini",
/// "openai/gpt-4.1", "ft:gpt-4o:org::1"); none for models whose tokenizer is not published.
Encoding encoding_of(std::string_view model);

class Vocabularies {
public:
    Vocabularies() = default;
    ~Vocabularies();
    Vocabularies(const Vocabularies&) = delete;
    Vocabularies& operator=(const Vocabularies&) = delete;

    /// Loads what is not loaded yet. Takes tens of milliseconds: call it off the request path, for
    /// each `encoding_of` the models a configuration names; for Encoding::none it does nothing.
    /// Fails with internal.error if the data in the program is damaged.
    Result<void> prepare(Encoding encoding);
    /// Null while it is not loaded.
    const Vocabulary* find(Encoding encoding) const {
        return loaded_[static_cast<size_t>(encoding)].load(std::memory_order_acquire);
    }

private:
    std::array<std::atomic<const Vocabulary*>, kEncodings> loaded_{};
};

}  // namespace weir::tokens
