/// `weir explain`: which limits concern a request, and why the others do not.
#pragma once
#include "snapshot/snapshot.h"

namespace weir::cli {

/// Prints the limits of `rule` at `port`, and the quotas of its backends.
void explain_limits(const snapshot::Rule& rule, uint32_t port, const snapshot::LimitView& view);

}  // namespace weir::cli
