#include "config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::config {

std::string Place::to_string() const {
    return known() ? fmt::format("{}:{}:{}", file_name(), line, column) : "(implicit)";
}

std::string to_string(const Diagnostic& diagnostic) {
    std::string out;
    auto part = [&](std::string_view text) {
        if (text.empty()) return;
        if (!out.empty()) out += ": ";
        out += text;
    };
    if (diagnostic.place.known())
        part(diagnostic.place.to_string());
    else
        part(diagnostic.place.file_name());
    part(diagnostic.subject);
    part(diagnostic.field);
    part(diagnostic.message);
    return out;
}

void sort_by_place(std::vector<Diagnostic>& diagnostics) {
    std::vector<size_t> order(diagnostics.size());
    for (size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::ranges::sort(order, [&](size_t a, size_t b) {
        const Diagnostic& x = diagnostics[a];
        const Diagnostic& y = diagnostics[b];
        if (auto by_place = x.place <=> y.place; by_place != 0) return by_place < 0;
        return x.severity != y.severity ? x.severity < y.severity : a < b;
    });
    std::vector<Diagnostic> sorted;
    sorted.reserve(order.size());
    for (size_t i : order)
        sorted.push_back(std::move(diagnostics[i]));
    diagnostics = std::move(sorted);
}

void Report::add(Severity severity, const Place& place, std::string field, std::string message) {
    if (severity == Severity::error) ++errors_;
    Diagnostic d;
    d.severity = severity;
    d.place = place;
    d.subject = subject_;
    d.field = std::move(field);
    d.message = std::move(message);
    out_.push_back(std::move(d));
}

void Report::error(const Place& place, std::string field, std::string message) {
    add(Severity::error, place, std::move(field), std::move(message));
}

void Report::warning(const Place& place, std::string field, std::string message) {
    add(Severity::warning, place, std::move(field), std::move(message));
}

void Report::unenforced(const Place& place, std::string field, std::string message,
                        std::string kind) {
    add(Severity::warning, place, std::move(field), std::move(message));
    out_.back().refuses_run = true;
    out_.back().kind = std::move(kind);
}

std::string join(std::string_view path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

std::string join(std::string_view path, size_t index) {
    return fmt::format("{}[{}]", path, index);
}

}  // namespace weir::config
