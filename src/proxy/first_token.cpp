#include "proxy/first_token.h"

namespace weir::proxy {

FirstToken::FirstToken(const dialect::Context& context, bool translated)
    : first_(context.dialect, context.operation) {
    if (translated)
        translator_.emplace(context);
    else
        watcher_.emplace(dialect::PassthroughWatcher::Options{
            .dialect = context.dialect, .operation = context.operation, .whole_events = true});
}

FirstToken::Seen FirstToken::look(std::string_view bytes) {
    if (translator_) {
        unused_.clear();
        if (!translator_->feed(bytes, unused_)) return Seen::failure;
        bool begun = translator_->content_started() || !translator_->finish_reasons().empty();
        return begun ? Seen::content : Seen::nothing;
    }
    for (std::string_view events : watcher_->feed(bytes)) {
        auto seen = first_.look(events);
        if (seen == dialect::FirstContent::Seen::content) return Seen::content;
        if (seen == dialect::FirstContent::Seen::garbage) return Seen::failure;
    }
    return watcher_->provider_error() ? Seen::failure : Seen::nothing;
}

const dialect::Usage& FirstToken::usage() const {
    return translator_ ? translator_->usage() : watcher_->usage();
}

}  // namespace weir::proxy
