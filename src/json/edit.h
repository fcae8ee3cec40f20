/// Changes members of a body in place: every byte that is not the change stays as it is.
///
/// An Edit names a member by its path of object keys. A list of edits means what applying them one
/// after the other means. Setting a member that is there replaces its value where it stands (and
/// takes out later members of the same name); one that is not there is appended to its object;
/// parents that are absent, or are no objects, become objects. Removing takes out all members of
/// the name with their comma.
///
///     editor.plan(peek, edits);          // edits were made when the configuration was compiled
///     editor.append_to(out);             // or send editor.pieces() one by one
///
/// Lifetime: an Editor's result views the body, the edits and its own storage, until the next
/// plan(). Threads: one Editor per worker; not thread-safe. Edits at the top level allocate only
/// while its storage grows.
#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/peek.h"

namespace weir::json {

struct Edit {
    enum class Op : uint8_t {
        set,     ///< put `value` there, whatever was there
        insert,  ///< only where no such member is
        remove,
    };
    Op op = Op::set;
    std::vector<std::string> path;  ///< at least one key, unescaped
    std::string value;              ///< valid JSON; unused for remove

    /// `value` must be valid JSON (asserted): use raw_or_string for text of unknown kind.
    static Edit set(std::vector<std::string> path, std::string value);
    static Edit insert(std::vector<std::string> path, std::string value);
    static Edit remove(std::vector<std::string> path);
};

/// The text of a configured mutation as JSON: itself when it is valid JSON, else as a JSON string.
std::string raw_or_string(std::string_view text);

/// `length` bytes of the body at `offset` are replaced by `text`.
struct Splice {
    size_t offset = 0;
    size_t length = 0;
    std::string_view text;
};

class Editor {
public:
    /// Works out what to change. The body's root must be an object (else there is nothing to
    /// change and the body stays). `body` is the text that was peeked.
    void plan(std::string_view body, const Peek& peek, std::span<const Edit> edits);

    bool changed() const { return !splices_.empty(); }
    /// Ascending, not overlapping.
    std::span<const Splice> splices() const { return splices_; }
    size_t size() const { return size_; }  ///< of the edited body
    void append_to(std::string& out) const;
    /// The edited body as consecutive views, for a gathering write.
    void pieces(std::vector<std::string_view>& out) const;

private:
    /// What becomes of the members of one name in one object.
    struct Outcome {
        enum What : uint8_t { unchanged, nested, text, removed };
        const Edit* lead = nullptr;  ///< the first edit of that name
        What what = unchanged;
        std::string_view value;  ///< of `text`
        bool met = false;        ///< the object's first member of that name has been passed
    };
    std::string& scratch();
    void object(std::string_view raw, std::span<const PeekMember> members, const Edit* parent,
                size_t depth);
    void decide(Outcome& outcome, std::span<const PeekMember> members, size_t depth);
    bool keep(size_t outcome, const PeekMember& member, size_t depth);
    void append_missing(size_t first_outcome, size_t depth, const char* at, bool comma);
    void splice(const char* from, const char* to, std::string_view text);

    std::string_view body_;
    std::span<const Edit> edits_;
    size_t size_ = 0;
    std::vector<Splice> splices_;
    std::vector<Outcome> outcomes_;  ///< a stack: those of an object lie above its parent's
    std::deque<std::string> texts_;  ///< made here, for splices to view
    size_t texts_used_ = 0;
};

/// All in one, for places off the hot path: validates, plans, applies.
Result<std::string> edited(std::string_view body, std::span<const Edit> edits);

}  // namespace weir::json
