#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace weir {

std::string_view to_string(Fault fault) {
    switch (fault) {
        case Fault::client:
            return "client";
        case Fault::upstream:
            return "upstream";
        case Fault::policy:
            return "policy";
        case Fault::internal:
            return "internal";
    }
    return "internal";
}

std::string Error::to_string() const {
    std::string out(code_->name);
    if (!detail_.empty()) out.append(": ").append(detail_);
    return out;
}

void assert_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "weir: bug: %s does not hold at %s:%d\n", expression, file, line);
    std::abort();
}

}  // namespace weir
