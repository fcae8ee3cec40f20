/// Cuts a text into the pieces that a BPE encoding merges one by one.
///
/// The encodings define their pieces by a regular expression; these scanners are those expressions
/// by hand, at a few instructions a character, and never look back further than one piece. The
/// expressions, alternatives in order (js-tiktoken's `pat_str`, \s being White_Space):
///
/// cl100k_base:  ('s|'t|'re|'ve|'m|'ll|'d, any case)  |  [^\r\n\p{L}\p{N}]?\p{L}+  |  \p{N}{1,3}
///               |  ' '?[^\s\p{L}\p{N}]+[\r\n]*  |  \s*[\r\n]+  |  \s+(?!\S)  |  \s+
/// o200k_base:   [^\r\n\p{L}\p{N}]? U* W+ ('s|…)?  |  [^\r\n\p{L}\p{N}]? U+ W* ('s|…)?  |  as
/// above,
///               with / among what may follow signs.  U: Lu Lt Lm Lo M, W: Ll Lm Lo M
///
/// Pieces cover the text without gaps. Threads: pure functions.
#pragma once
#include "tokens/char_class.h"

namespace weir::tokens {

/// The end of the piece that begins at p < end.
const char* next_piece_cl100k(const char* p, const char* end);
const char* next_piece_o200k(const char* p, const char* end);

}  // namespace weir::tokens
