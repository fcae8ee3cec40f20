/// Collects Diagnostics about one object while it is checked and decoded.
///
/// Fields are named by paths that callers build as they descend ("spec.rules[0].name"). Threads:
/// one.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace weir::config {

class Report {
public:
    explicit Report(std::vector<Diagnostic>& out) : out_(out) {}

    /// Diagnostics that follow are about this object ("kind/name").
    void set_subject(std::string subject) { subject_ = std::move(subject); }
    const std::string& subject() const { return subject_; }

    void error(const Place& place, std::string field, std::string message);
    void warning(const Place& place, std::string field, std::string message);
    /// A protection that is not enforced: a warning that keeps `weir run` from starting.
    void unenforced(const Place& place, std::string field, std::string message, std::string kind);
    /// Errors reported so far.
    size_t errors() const { return errors_; }

private:
    void add(Severity severity, const Place& place, std::string field, std::string message);
    std::vector<Diagnostic>& out_;
    std::string subject_;
    size_t errors_ = 0;
};

/// "path.name", or "name" at the top.
std::string join(std::string_view path, std::string_view name);
/// "path[3]".
std::string join(std::string_view path, size_t index);

}  // namespace weir::config
