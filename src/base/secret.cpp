#include "base/secret.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is in no other

#include <utility>

namespace weir {

// A move of a short string would leave its bytes in the other: copied, then wiped.
// NOLINTNEXTLINE(cert-oop11-cpp,performance-move-constructor-init)
Secret::Secret(Secret&& other) noexcept : value_(other.value_) {
    other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        wipe();
        value_ = other.value_;
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        value_ = other.value_;
        other.wipe();
    }
    return *this;
}

// explicit_bzero: the compiler may not drop it although the memory is about to be freed.
void Secret::wipe() {
    if (!value_.empty()) explicit_bzero(value_.data(), value_.size());
    value_.clear();
}

bool operator==(const Secret& a, const Secret& b) {
    if (a.value_.size() != b.value_.size()) return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < a.value_.size(); ++i)
        difference |= static_cast<unsigned char>(a.value_[i] ^ b.value_[i]);
    return difference == 0;
}

}  // namespace weir
