/// The vocabularies as they lie in the program, packed by tools/pack_vocabulary.
#pragma once
#include <string_view>

#include "tokens/vocabularies.h"

namespace weir::tokens {

/// Lives as long as the program; empty for Encoding::none.
std::string_view packed_vocabulary(Encoding encoding);

}  // namespace weir::tokens
