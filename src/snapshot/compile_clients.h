/// Compiles how listeners meet their clients. Internal to snapshot/.
#pragma once
#include "snapshot/snapshot.h"

namespace weir::snapshot {

/// Fails with config.invalid if a certificate cannot be used.
Result<Entry> compile_entry(const config::Configuration& configuration,
                            const config::Gateway& gateway, const config::Listener& listener);

}  // namespace weir::snapshot
