#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "config/env.h"
#include "config/text.h"

namespace weir::config {

namespace {

/// Thrown to stop yaml-cpp at a limit of ours; never leaves this file.
struct Refused {
    Place place;
    std::string reason;
};

size_t weight(const Node& node) {
    size_t sum = 128 + node.text.size();
    for (const Node& item : node.items)
        sum += weight(item);
    for (const Entry& entry : node.entries)
        sum += 64 + entry.key.size() + weight(entry.value);
    return sum;
}

/// Builds one Node from yaml-cpp's events.
class Builder final : public YAML::EventHandler {
public:
    Builder(std::shared_ptr<const std::string> file, uint32_t line_offset, const YamlLimits& limits,
            size_t& held)
        : file_(std::move(file)), lines_(line_offset), limits_(limits), held_(held) {}

    /// The document, after its repeated keys were reported.
    Node take(Report& report) {
        if (root_.is_map() && root_.has("kind")) report.set_subject(describe(root_));
        for (const Duplicate& d : duplicates_)
            report.error(
                d.place, d.key,
                fmt::format("key {} is written twice in one mapping, first at {}; keep one",
                            quote(d.key), d.first));
        report.set_subject("");
        duplicates_.clear();
        anchors_.clear();
        return std::exchange(root_, Node());
    }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Node node;
        node.place = place(mark);
        node.plain = true;
        finish(std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        auto found = anchors_.find(anchor);
        if (found == anchors_.end()) throw Refused{place(mark), "an alias inside its own anchor"};
        charge(mark, weight(found->second));
        finish(Node(found->second), 0);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node node;
        node.place = place(mark);
        node.text = value;
        node.kind = Node::Kind::string;
        node.plain = tag == "?" || tag.empty();
        if (node.plain) resolve_plain(node);
        charge(mark, 128 + value.size());
        finish(std::move(node), anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, Node::Kind::list, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, Node::Kind::map, anchor);
    }
    void OnMapEnd() override {
        merge_keys(stack_.back().node);
        drop_duplicates(stack_.back().node);
        close();
    }

private:
    struct Duplicate {
        Place place;
        std::string key;
        std::string first;
    };
    struct Frame {
        Node node;
        YAML::anchor_t anchor = 0;
        bool has_key = false;
        std::string key;
        Place key_place;
    };

    Place place(const YAML::Mark& mark) const {
        return {file_, lines_ + static_cast<uint32_t>(mark.line) + 1,
                static_cast<uint32_t>(mark.column) + 1};
    }

    void charge(const YAML::Mark& mark, size_t bytes) {
        held_ += bytes;
        if (held_ > limits_.expanded) throw Refused{place(mark), "aliases expand to too much"};
    }

    void open(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor) {
        if (stack_.size() >= limits_.depth)
            throw Refused{place(mark), fmt::format("nested deeper than {} levels", limits_.depth)};
        charge(mark, 128);
        Frame& frame = stack_.emplace_back();
        frame.node.kind = kind;
        frame.node.place = place(mark);
        frame.anchor = anchor;
    }

    void close() {
        Frame frame = std::move(stack_.back());
        stack_.pop_back();
        finish(std::move(frame.node), frame.anchor);
    }

    /// `node` is whole: it becomes a key, a value, an item or the document.
    void finish(Node node, YAML::anchor_t anchor) {
        if (anchor != 0) anchors_[anchor] = node;
        if (stack_.empty()) {
            root_ = std::move(node);
            return;
        }
        Frame& parent = stack_.back();
        if (parent.node.is_list()) {
            parent.node.items.push_back(std::move(node));
        } else if (parent.has_key) {
            parent.node.entries.push_back(
                {std::move(parent.key), std::move(parent.key_place), std::move(node)});
            parent.has_key = false;
        } else {
            if (!node.is_scalar()) throw Refused{node.place, "a key must be a scalar"};
            parent.key = std::move(node.text);
            parent.key_place = std::move(node.place);
            parent.has_key = true;
        }
    }

    /// `<<: *base` adds the entries of `base` that are not written.
    static void merge_keys(Node& map) {
        auto merge = std::ranges::find(map.entries, "<<", &Entry::key);
        if (merge == map.entries.end() || !merge->value.is_map()) return;
        std::vector<Entry> inherited = std::move(merge->value.entries);
        map.entries.erase(merge);
        for (Entry& entry : inherited)
            if (std::ranges::find(map.entries, entry.key, &Entry::key) == map.entries.end())
                map.entries.push_back(std::move(entry));
    }

    /// Keeps the first of equal keys and remembers the others.
    void drop_duplicates(Node& map) {
        std::map<std::string_view, const Place*> first;
        std::vector<size_t> repeated;
        for (size_t i = 0; i < map.entries.size(); ++i) {
            const Entry& entry = map.entries[i];
            auto [at, fresh] = first.emplace(entry.key, &entry.key_place);
            if (fresh) continue;
            repeated.push_back(i);
            duplicates_.push_back({entry.key_place, unmask(entry.key), at->second->to_string()});
        }
        for (auto i = repeated.rbegin(); i != repeated.rend(); ++i)
            map.entries.erase(map.entries.begin() + static_cast<std::ptrdiff_t>(*i));
    }

    std::shared_ptr<const std::string> file_;
    uint32_t lines_;
    const YamlLimits& limits_;
    size_t& held_;
    Node root_;
    std::vector<Frame> stack_;
    std::map<YAML::anchor_t, Node> anchors_;
    std::vector<Duplicate> duplicates_;
};

/// Length of a UTF-8 sequence at the front of `text` (RFC 3629); 0 if it is not one.
size_t utf8_sequence(std::string_view text) {
    auto byte = [&](size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    auto tail = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
    unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0) return tail(1) ? 2 : 0;
    if (lead >= 0xe0 && lead < 0xf0) {
        if (lead == 0xe0 && byte(1) < 0xa0) return 0;
        if (lead == 0xed && byte(1) > 0x9f) return 0;
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead < 0xf5) {
        if (lead == 0xf0 && byte(1) < 0x90) return 0;
        if (lead == 0xf4 && byte(1) > 0x8f) return 0;
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

/// Where the text holds what YAML forbids (YAML 1.2 §5.1), with the reason.
std::optional<Refused> find_forbidden(std::string_view text,
                                      const std::shared_ptr<const std::string>& file) {
    uint32_t line = 1;
    uint32_t column = 1;
    for (size_t i = 0; i < text.size();) {
        char c = text[i];
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') ||
            c == 0x7f)
            return Refused{{file, line, column}, "a control character"};
        size_t length = utf8_sequence(text.substr(i));
        if (length == 0) return Refused{{file, line, column}, "bytes that are not UTF-8"};
        column += static_cast<uint32_t>(length);
        if (c == '\n') {
            ++line;
            column = 1;
        }
        i += length;
    }
    return std::nullopt;
}

bool starts_document(std::string_view line) {
    return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' ||
                                       line[3] == '\r' || line[3] == '\n');
}

/// Nothing but comments, blank lines, directives and markers.
bool holds_nothing(std::string_view text) {
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size() - 1);
        std::string_view line = text.substr(0, end + 1);
        text.remove_prefix(end + 1);
        if (starts_document(line)) line.remove_prefix(3);
        auto first = line.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos || line[first] == '#' || line[0] == '%') continue;
        if (line.starts_with("...")) continue;
        return false;
    }
    return true;
}

struct Chunk {
    std::string_view text;
    uint32_t line;  ///< of its first character, from 0
};

std::vector<Chunk> split_documents(std::string_view text) {
    std::vector<Chunk> chunks;
    size_t begin = 0;
    uint32_t begin_line = 0;
    uint32_t line = 0;
    for (size_t at = 0; at < text.size(); ++line) {
        size_t end = text.find('\n', at);
        end = end == std::string_view::npos ? text.size() : end + 1;
        if (at != 0 && starts_document(text.substr(at, end - at))) {
            chunks.push_back({text.substr(begin, at - begin), begin_line});
            begin = at;
            begin_line = line;
        }
        at = end;
    }
    chunks.push_back({text.substr(begin), begin_line});
    return chunks;
}

}  // namespace

std::vector<Node> parse_yaml(const std::string& name, std::string_view text, Report& report,
                             bool& complete, const YamlLimits& limits) {
    auto file = std::make_shared<const std::string>(name);
    std::vector<Node> documents;
    auto refuse = [&](const Place& place, const std::string& reason) {
        complete = false;
        report.error(place, "", fmt::format("not valid YAML: {}", reason));
    };
    if (text.size() > limits.text) {
        refuse({file, 1, 1}, fmt::format("larger than {} bytes; split it", limits.text));
        return documents;
    }
    if (auto forbidden = find_forbidden(text, file)) {
        refuse(forbidden->place, forbidden->reason + "; remove it");
        return documents;
    }
    std::string masked = mask(text);
    size_t held = 0;
    for (const Chunk& chunk : split_documents(masked)) {
        if (holds_nothing(chunk.text)) continue;
        Builder builder(file, chunk.line, limits, held);
        try {
            std::istringstream in{std::string(chunk.text)};
            YAML::Parser parser(in);
            parser.HandleNextDocument(builder);
            Node node = builder.take(report);
            // What is left after a document is a mistake; yaml-cpp may report it as documents
            // without end.
            if (parser.HandleNextDocument(builder))
                throw Refused{{file, chunk.line + 1, 1},
                              "text after the end of this document; begin another with ---"};
            if (!node.is_null()) documents.push_back(std::move(node));
        } catch (const Refused& refused) {
            refuse(refused.place, refused.reason);
        } catch (const YAML::Exception& e) {
            bool marked = e.mark.line >= 0;
            refuse({file, chunk.line + static_cast<uint32_t>(marked ? e.mark.line : 0) + 1,
                    static_cast<uint32_t>(marked ? e.mark.column : 0) + 1},
                   unmask(e.msg));
        }
    }
    return documents;
}

}  // namespace weir::config
