/// Text in, typed configuration and every mistake out.
///
///     Loaded loaded = load(documents, options);
///     for (const Diagnostic& d : loaded.diagnostics) print(to_string(d));
///     if (!loaded.ok()) return 1;
///
/// Steps: YAML with places → `${VAR}` → one object per kind, namespace and name (several documents
/// are merged as a server-side apply would) → the kind's schema and rules → typed resources → what
/// only the whole shows (references, grants, conflicts). All mistakes are reported at once, sorted
/// by place. No file, clock or environment is touched but through Options. Threads: any; no shared
/// state.
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/changes.h"
#include "config/configuration.h"
#include "config/diagnostic.h"

namespace weir::config {

/// One file's text; it may hold several YAML documents. JSON is YAML too.
struct Document {
    std::string file;  ///< as messages name it; "<stdin>" for standard input
    std::string text;
};

/// Value of an environment variable; nothing if unset.
using EnvLookup = std::function<std::optional<std::string>(std::string_view name)>;
/// Content of a file that a Secret's annotation names.
using ReadFile = std::function<Result<std::string>(std::string_view path)>;

struct Options {
    EnvLookup env;             ///< empty: no variable is set
    ReadFile read_file;        ///< empty: annotations that name files are errors
    bool schema_only = false;  ///< judge each object alone, as an API server would
    bool mock = false;         ///< a missing Secret is a warning
    int64_t now = 0;           ///< Unix seconds, for what ends; 0: nothing has ended
    std::vector<std::string> allow_unenforced;  ///< kinds whose absence of enforcement is accepted
};

struct Loaded {
    Configuration configuration;
    std::vector<Diagnostic> diagnostics;        ///< sorted by place
    size_t accepted = 0;                        ///< objects of known kinds without an error
    std::vector<std::string> accepted_objects;  ///< "kind/name", in order of reading
    Fingerprint fingerprint;                    ///< what a later load is compared with

    bool ok() const;       ///< no errors
    bool may_run() const;  ///< ok, and no protection would silently be absent
};

Loaded load(std::span<const Document> documents, const Options& options);

/// What `weir run` does without a path: configures itself from OPENAI_API_KEY,
/// AZURE_OPENAI_API_KEY, ANTHROPIC_API_KEY and their companions. An error names the variables when
/// none is set.
Loaded from_environment(const EnvLookup& env);

}  // namespace weir::config
