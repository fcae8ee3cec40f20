/// What the splicers of all client dialects have in common: see continued_stream.h.
///
/// A splicer looks at each event of a client's stream (note), and rewrites those of a provider that
/// continues another's (rewrite). One stream, one thread; internal to dialect/.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "dialect/continued_stream.h"
#include "json/value.h"

namespace weir::dialect {

class StreamSplicer {
public:
    explicit StreamSplicer(size_t max_text) : max_text_(max_text) {}
    virtual ~StreamSplicer() = default;

    virtual bool is_error(const json::Value& event) const = 0;
    /// An event as the client gets it.
    virtual void note(const json::Value& event) = 0;
    /// Makes an event of a continuation one of the first stream. False: the client does not get it.
    /// `before` takes events that must precede it.
    virtual bool rewrite(json::Value& event, std::string& before) = 0;
    /// The `event:` line of an event; empty if the dialect has none.
    virtual std::string_view name(const json::Value& event) const = 0;
    virtual Obstacle obstacle() const {
        if (obstacle_ != Obstacle::none) return obstacle_;
        return text_.empty() ? Obstacle::nothing_said : Obstacle::none;
    }
    virtual void resume(const ContinuedStream::Resumption& resumption) {
        spent_ = resumption.spent;
        tail_ = resumption.tail;
        skipped_.clear();
        said_before_ = text_;
    }
    std::string_view text() const { return text_; }
    void done() { obstacle_ = Obstacle::ended; }
    void hinder(Obstacle obstacle) {
        if (obstacle_ == Obstacle::none) obstacle_ = obstacle;
    }

protected:
    void say(std::string_view text);
    /// `delta` without the white space that the client already has. False: nothing is left.
    bool trim(json::Value* delta);
    /// The same of the whole text that a delta was a part of, once it is known.
    std::string joined(std::string_view own) const;
    /// Adds what was spent before to counts of these names.
    void add_spent(json::Value* usage, std::string_view input, std::string_view output,
                   std::string_view total) const;

    Usage spent_;

private:
    size_t max_text_;
    std::string text_;
    std::string said_before_;  ///< what of text_ other providers said
    std::string tail_;
    std::string skipped_;
    Obstacle obstacle_ = Obstacle::none;
};

std::unique_ptr<StreamSplicer> make_chunk_splicer(Operation operation, size_t max_text);
std::unique_ptr<StreamSplicer> make_messages_splicer(size_t max_text);
std::unique_ptr<StreamSplicer> make_responses_splicer(size_t max_text);
std::unique_ptr<StreamSplicer> make_content_splicer(size_t max_text);  ///< Gemini's
std::unique_ptr<StreamSplicer> make_cohere_splicer(size_t max_text);
std::unique_ptr<StreamSplicer> make_converse_splicer(size_t max_text);  ///< Bedrock's

}  // namespace weir::dialect
