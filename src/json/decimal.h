/// A JSON number's exact value: sign, digits without outer zeros, power of ten.
///
/// Two literals are the same number when their Decimals are equal, whatever their length; a double
/// would make 2^53 and 2^53+1 equal. Exponents beyond 64 bits saturate. Threads: a plain value.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::json {

class Decimal {
public:
    /// `literal` is a valid JSON number.
    explicit Decimal(std::string_view literal);

    /// The number if it is integral and fits.
    std::optional<int64_t> as_int() const;
    /// Power of ten of the first digit: 0 for 1 to 9.99, negative below 1; 0 for zero.
    int64_t magnitude() const;

    friend bool operator==(const Decimal&, const Decimal&) = default;

private:
    bool negative_ = false;  ///< false for zero
    std::string digits_;     ///< empty for zero; neither starts nor ends with 0
    int64_t exponent_ = 0;   ///< of the last digit; 0 for zero
};

}  // namespace weir::json
