// The assembler copies the packed files into read-only data; the build says where they are and
// rebuilds this file when they change (CMakeLists.txt).
#include "tokens/vocabulary_data.h"

#define WEIR_EMBED(name, path)                                          \
    asm(".pushsection .rodata, \"a\"\n"                                 \
        ".global " #name "\n" #name ":\n.incbin \"" path                \
        "\"\n"                                                          \
        ".global " #name "_end\n" #name "_end:\n.byte 0\n.popsection"); \
    extern "C" const char name[];                                       \
    extern "C" const char name##_end[]

WEIR_EMBED(weir_cl100k_base, WEIR_CL100K_BASE);
WEIR_EMBED(weir_o200k_base, WEIR_O200K_BASE);

namespace weir::tokens {

std::string_view packed_vocabulary(Encoding encoding) {
    switch (encoding) {
        case Encoding::cl100k_base:
            return {weir_cl100k_base, weir_cl100k_base_end};
        case Encoding::o200k_base:
            return {weir_o200k_base, weir_o200k_base_end};
        case Encoding::none:
            break;
    }
    return {};
}

}  // namespace weir::tokens
