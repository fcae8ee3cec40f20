#include "dialect/seal_scanner.h"

namespace weir::dialect {
namespace {

constexpr uint64_t kOffset = 14695981039346656037ull;  // FNV-1a
constexpr uint64_t kPrime = 1099511628211ull;
constexpr size_t kLongestName = 18;

bool seals(std::string_view name) {
    return name == "signature" || name == "encrypted_content" || name == "thoughtSignature";
}

}  // namespace

void SealScanner::feed(std::string_view bytes, const Found& found) {
    while (!bytes.empty()) {
        if (state_ == State::outside) {  // where most of the bytes are
            size_t quote = bytes.find('"');
            if (quote == std::string_view::npos) return;
            bytes.remove_prefix(quote);
        }
        step(bytes.front(), found);
        bytes.remove_prefix(1);
    }
}

void SealScanner::step(char c, const Found& found) {
    switch (state_) {
        case State::outside:
            state_ = State::name;
            name_.clear();
            escaped_ = false;
            return;
        case State::name:
            if (escaped_) {
                escaped_ = false;
            } else if (c == '\\') {
                escaped_ = true;
            } else if (c == '"') {
                state_ = seals(name_) ? State::colon : State::outside;
                return;
            }
            if (name_.size() <= kLongestName) name_.push_back(c);
            return;
        case State::colon:
            if (c == ' ' || c == ':') return;
            state_ = c == '"' ? State::value : State::outside;
            hash_ = kOffset;
            length_ = 0;
            escaped_ = false;
            return;
        case State::value:
            if (!escaped_ && c == '"') {
                if (length_ >= kShortest) found(hash_ ^ (hash_ >> 29));
                state_ = State::outside;
                return;
            }
            // Base64 in JSON may have its slashes escaped by one and not by the other.
            escaped_ = !escaped_ && c == '\\';
            if (escaped_) return;
            hash_ = (hash_ ^ static_cast<unsigned char>(c)) * kPrime;
            ++length_;
            return;
    }
}

}  // namespace weir::dialect
