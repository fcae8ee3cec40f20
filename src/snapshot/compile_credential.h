/// What a backend's credential policy comes to: the Credential that attempts apply.
///
/// Sources of tokens come from the desk of `options`, so that a reload that means the same keeps
/// them. Threads: the main thread's.
#pragma once
#include <memory>
#include <optional>

#include "snapshot/snapshot.h"

namespace weir::snapshot {

/// `proxy`: through which its issuer is reached. Fails with a credential's error, the detail naming
/// its Secret, file or variable.
Result<std::shared_ptr<const credential::Credential>> compile_credential(
    const std::optional<config::Credential>& found,
    const std::optional<config::ForwardProxy>& proxy, const CompileOptions& options);

}  // namespace weir::snapshot
