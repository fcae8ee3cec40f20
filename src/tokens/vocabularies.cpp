#include "tokens/vocabularies.h"

#include "tokens/vocabulary.h"
#include "tokens/vocabulary_data.h"

namespace weir::tokens {

Vocabularies::~Vocabularies() {
    for (auto& loaded : loaded_)
        delete loaded.load(std::memory_order_relaxed);
}

Result<void> Vocabularies::prepare(Encoding encoding) {
    if (encoding == Encoding::none || find(encoding)) return {};
    WEIR_TRY(auto fresh, Vocabulary::load(encoding, packed_vocabulary(encoding)));
    const Vocabulary* none = nullptr;
    auto& place = loaded_[static_cast<size_t>(encoding)];
    if (place.compare_exchange_strong(none, fresh.get(), std::memory_order_acq_rel))
        fresh.release();
    return {};
}

}  // namespace weir::tokens
