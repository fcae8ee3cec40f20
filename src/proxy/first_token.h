/// Where the content of a provider's stream begins, whatever its format; the bytes are kept by the
/// caller and relayed from the start.
///
/// For attempts that race: whoever has the first token wins. Parses what it is given twice over
/// (the relay does it again), which only exchanges pay that race. Threads: one stream, one thread.
#pragma once
#include <optional>

#include "dialect/first_content.h"
#include "dialect/stream.h"
#include "dialect/watcher.h"

namespace weir::proxy {

class FirstToken {
public:
    enum class Seen : uint8_t { nothing, content, failure };
    /// `translated`: the provider's dialect is not the client's.
    FirstToken(const dialect::Context& context, bool translated);
    Seen look(std::string_view bytes);
    /// What the provider has reported so far (Anthropic counts the prompt at once).
    const dialect::Usage& usage() const;

private:
    std::optional<dialect::StreamTranslator> translator_;
    std::optional<dialect::PassthroughWatcher> watcher_;
    dialect::FirstContent first_;
    std::string unused_;
};

}  // namespace weir::proxy
