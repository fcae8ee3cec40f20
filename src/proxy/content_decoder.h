/// Undoes a provider's content-encoding, piece by piece, with bounded memory.
///
/// Weir asks providers for no encoding; some compress all the same. gzip and deflate are undone
/// (RFC 9110 §8.4.1), so that usage can be read and the body translated. Threads: one stream.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir::proxy {

class ContentDecoder {
public:
    /// Null if `encoding` is empty or identity. Fails with upstream.protocol for one it cannot
    /// undo.
    static Result<std::unique_ptr<ContentDecoder>> create(std::string_view encoding);
    ~ContentDecoder();

    /// Decodes some of `input` (which is shortened) into at most one buffer of output. Call it
    /// until it gives nothing, then with the next input. Fails with upstream.protocol.
    Result<std::string_view> decode(std::string_view& input);
    /// The compressed stream was whole.
    bool complete() const;

private:
    struct State;
    explicit ContentDecoder(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace weir::proxy
