/// A value that must not be seen: an API key, a signing key, a session token.
///
/// A Secret cannot be printed, formatted, compared with a literal by accident or converted to a
/// string; the one way to its bytes is `reveal()`, which a reviewer can grep for. Its memory is
/// wiped when it is destroyed. Copies are allowed (a snapshot holds its own), each wiped on its
/// own.
#pragma once
#include <string>
#include <string_view>

namespace weir {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    /// The bytes, valid as long as this Secret is neither changed nor destroyed.
    std::string_view reveal() const { return value_; }
    bool empty() const { return value_.empty(); }
    /// For tests and change detection; takes time independent of where the values differ.
    friend bool operator==(const Secret& a, const Secret& b);

private:
    void wipe();
    std::string value_;
};

/// What is shown in a Secret's place.
inline constexpr std::string_view kRedacted = "[REDACTED]";

}  // namespace weir
