/// Where something was written: file, line and column, both counted from 1.
///
/// Places of one file share its name. A Place without a file stands for what nobody wrote (a
/// default, an implicit Gateway, a resource made from the environment); its line is 0. Threads: a
/// plain value.
#pragma once
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weir::config {

struct Place {
    std::shared_ptr<const std::string> file;
    uint32_t line = 0;
    uint32_t column = 0;

    std::string_view file_name() const {
        return file ? std::string_view(*file) : std::string_view();
    }
    bool known() const { return line != 0; }
    /// "file:line:column", or "(implicit)" when nobody wrote it.
    std::string to_string() const;

    friend bool operator==(const Place& a, const Place& b) { return (a <=> b) == 0; }
    friend std::strong_ordering operator<=>(const Place& a, const Place& b) {
        if (auto by_file = a.file_name() <=> b.file_name(); by_file != 0) return by_file;
        if (auto by_line = a.line <=> b.line; by_line != 0) return by_line;
        return a.column <=> b.column;
    }
};

}  // namespace weir::config
