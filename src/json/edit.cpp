#include "json/edit.h"

#include <algorithm>

#include "json/walk.h"

namespace weir::json {
namespace {

bool is_terminal(const Edit& edit, size_t depth) {
    return edit.path.size() == depth + 1;
}

/// Whether the edit is about something inside what `parent` names with its first `depth` keys.
bool is_inside(const Edit& edit, const Edit* parent, size_t depth) {
    if (edit.path.size() <= depth) return false;
    return depth == 0 || std::equal(edit.path.begin(), edit.path.begin() + std::ptrdiff_t(depth),
                                    parent->path.begin());
}

/// The edit's value inside new objects for its keys from `depth` on.
void append_wrapped(std::string& out, const Edit& edit, size_t depth) {
    for (size_t i = depth; i < edit.path.size(); ++i) {
        out += '{';
        append_string(out, edit.path[i]);
        out += ':';
    }
    out += edit.value;
    out.append(edit.path.size() - depth, '}');
}

Edit checked(Edit edit) {
    WEIR_ASSERT(!edit.path.empty());
    WEIR_ASSERT(edit.op == Edit::Op::remove || parse(edit.value).has_value());
    return edit;
}

/// Members of a valid object.
std::vector<PeekMember> members_of(std::string_view raw) {
    std::vector<PeekMember> members;
    MemberCursor cursor(raw.data(), raw.data() + raw.size(), Peeker::kMaxDepth);
    for (PeekMember member; cursor.next(member);)
        members.push_back(member);
    return members;
}

/// One edit, whose first `depth` keys led to this object, applied to the object's text.
std::string apply_one(std::string_view raw, const Edit& edit, size_t depth) {
    Edit rest = edit;
    rest.path.erase(rest.path.begin(), rest.path.begin() + std::ptrdiff_t(depth));
    std::vector<PeekMember> members = members_of(raw);
    Editor editor;
    editor.plan(raw, Peek(Kind::object, raw, members), std::span(&rest, 1));
    std::string out;
    editor.append_to(out);
    return out;
}

/// What a list of edits of one member, at least one of them of the member itself, leaves of it.
std::optional<std::string> fold(std::optional<std::string> value, std::span<const Edit> edits,
                                const Edit* lead, size_t depth) {
    for (const Edit& edit : edits) {
        if (!is_inside(edit, lead, depth + 1) &&
            !(is_terminal(edit, depth) && is_inside(edit, lead, depth) &&
              edit.path[depth] == lead->path[depth]))
            continue;
        if (is_terminal(edit, depth)) {
            if (edit.op == Edit::Op::remove)
                value.reset();
            else if (edit.op == Edit::Op::set || !value)
                value = edit.value;
        } else if (value && value->starts_with('{')) {
            value = apply_one(*value, edit, depth + 1);
        } else if (edit.op != Edit::Op::remove) {
            value.emplace();
            append_wrapped(*value, edit, depth + 1);
        }
    }
    return value;
}

}  // namespace

Edit Edit::set(std::vector<std::string> path, std::string value) {
    return checked({Op::set, std::move(path), std::move(value)});
}
Edit Edit::insert(std::vector<std::string> path, std::string value) {
    return checked({Op::insert, std::move(path), std::move(value)});
}
Edit Edit::remove(std::vector<std::string> path) {
    return checked({Op::remove, std::move(path), {}});
}

std::string raw_or_string(std::string_view text) {
    if (parse(text)) return std::string(text);
    std::string quoted;
    append_string(quoted, text);
    return quoted;
}

std::string& Editor::scratch() {
    if (texts_used_ == texts_.size()) texts_.emplace_back();
    std::string& text = texts_[texts_used_++];
    text.clear();
    return text;
}

void Editor::splice(const char* from, const char* to, std::string_view text) {
    splices_.push_back(
        {static_cast<size_t>(from - body_.data()), static_cast<size_t>(to - from), text});
}

void Editor::plan(std::string_view body, const Peek& peek, std::span<const Edit> edits) {
    body_ = body;
    edits_ = edits;
    splices_.clear();
    outcomes_.clear();
    texts_used_ = 0;
    if (peek.is_object()) object(peek.raw(), peek.members(), nullptr, 0);
    std::sort(splices_.begin(), splices_.end(), [](const Splice& a, const Splice& b) {
        return a.offset != b.offset ? a.offset < b.offset : a.length < b.length;
    });
    size_ = body.size();
    for (const Splice& s : splices_)
        size_ += s.text.size() - s.length;
}

/// Plans the edits inside one object, whose members those are.
void Editor::object(std::string_view raw, std::span<const PeekMember> members, const Edit* parent,
                    size_t depth) {
    const size_t first = outcomes_.size();
    for (const Edit& edit : edits_) {
        if (!is_inside(edit, parent, depth)) continue;
        bool known =
            std::any_of(outcomes_.begin() + std::ptrdiff_t(first), outcomes_.end(),
                        [&](const Outcome& o) { return o.lead->path[depth] == edit.path[depth]; });
        if (known) continue;
        outcomes_.emplace_back().lead = &edit;
        decide(outcomes_.back(), members, depth);
    }
    const size_t last = outcomes_.size();
    const char* behind_kept = nullptr;  // the last member that stays, or what was cut behind it
    const char* cut_from = nullptr;     // start of leading members that go
    const char* last_kept = nullptr;
    for (const PeekMember& member : members) {
        const char* start = member.name.data() - 1;
        const char* end = member.raw.data() + member.raw.size();
        if (cut_from) splice(cut_from, start, {});
        cut_from = nullptr;
        size_t outcome = first;
        while (outcome != last && !member.is_named(outcomes_[outcome].lead->path[depth]))
            ++outcome;
        if (outcome == last || keep(outcome, member, depth)) {
            behind_kept = last_kept = end;
        } else if (behind_kept) {
            splice(behind_kept, end, {});
            behind_kept = end;
        } else {
            cut_from = start;
        }
    }
    if (cut_from) splice(cut_from, members.back().raw.data() + members.back().raw.size(), {});
    append_missing(first, depth, last_kept ? last_kept : raw.data() + 1, last_kept != nullptr);
    outcomes_.resize(first);
}

/// Works out what the edits of the outcome's name make of the object's first member of that name.
void Editor::decide(Outcome& outcome, std::span<const PeekMember> members, size_t depth) {
    const Edit& lead = *outcome.lead;
    const PeekMember* member = Peek(Kind::object, {}, members).find(lead.path[depth]);
    size_t terminal = 0;
    size_t deeper = 0;
    for (const Edit& edit : edits_) {
        if (!is_inside(edit, outcome.lead, depth) || edit.path[depth] != lead.path[depth]) continue;
        ++(is_terminal(edit, depth) ? terminal : deeper);
    }
    if (terminal == 0 && member && member->kind == Kind::object) {
        outcome.what = Outcome::nested;
    } else if (terminal == 1 && deeper == 0) {
        if (lead.op == Edit::Op::insert && member) return;
        outcome.what = lead.op == Edit::Op::remove ? Outcome::removed : Outcome::text;
        outcome.value = lead.value;
    } else if (deeper == 1 && terminal == 0) {
        if (lead.op == Edit::Op::remove) return;
        std::string& text = scratch();
        append_wrapped(text, lead, depth + 1);
        outcome.what = Outcome::text;
        outcome.value = text;
    } else {
        std::optional<std::string> old;
        if (member) old = std::string(member->raw);
        std::optional<std::string> value = fold(old, edits_, outcome.lead, depth);
        if (value == old) return;
        outcome.what = value ? Outcome::text : Outcome::removed;
        if (value) outcome.value = scratch() = std::move(*value);
    }
}

/// Passes a member that the outcome is about; whether it stays.
bool Editor::keep(size_t outcome, const PeekMember& member, size_t depth) {
    const Outcome::What what = outcomes_[outcome].what;
    if (what == Outcome::unchanged) return true;
    if (what == Outcome::removed || outcomes_[outcome].met) return false;
    outcomes_[outcome].met = true;
    if (what == Outcome::nested) {
        object(member.raw, members_of(member.raw), outcomes_[outcome].lead, depth + 1);
    } else if (member.raw != outcomes_[outcome].value) {
        splice(member.raw.data(), member.raw.data() + member.raw.size(), outcomes_[outcome].value);
    }
    return true;
}

void Editor::append_missing(size_t first_outcome, size_t depth, const char* at, bool comma) {
    std::string* text = nullptr;
    for (size_t i = first_outcome; i < outcomes_.size(); ++i) {
        const Outcome& outcome = outcomes_[i];
        if (outcome.what != Outcome::text || outcome.met) continue;
        if (!text) text = &scratch();
        if (comma) *text += ',';
        append_string(*text, outcome.lead->path[depth]);
        *text += ':';
        text->append(outcome.value);
        comma = true;
    }
    if (text) splice(at, at, *text);
}

void Editor::append_to(std::string& out) const {
    size_t at = 0;
    for (const Splice& s : splices_) {
        out.append(body_, at, s.offset - at).append(s.text);
        at = s.offset + s.length;
    }
    out.append(body_, at);
}

void Editor::pieces(std::vector<std::string_view>& out) const {
    size_t at = 0;
    auto add = [&](std::string_view piece) {
        if (!piece.empty()) out.push_back(piece);
    };
    for (const Splice& s : splices_) {
        add(body_.substr(at, s.offset - at));
        add(s.text);
        at = s.offset + s.length;
    }
    add(body_.substr(at));
}

Result<std::string> edited(std::string_view body, std::span<const Edit> edits) {
    Peeker peeker;
    WEIR_TRY(Peek peek, peeker.peek(body));
    Editor editor;
    editor.plan(body, peek, edits);
    std::string out;
    out.reserve(editor.size());
    editor.append_to(out);
    return out;
}

}  // namespace weir::json
