/// Finds one text field of a multipart/form-data body while the body goes by.
///
/// A form is an upload with a few words beside it; whoever routes it needs a word (`model`) and
/// must not hold the file. Fed the body piece by piece, in any split, a FormScanner keeps nothing
/// but the head of the part it is in and the value of that one field, both bounded.
///
///     FormScanner scanner(boundary, "model");
///     if (const char* bad = scanner.feed(piece)) …   // malformed or ambiguous: refuse the request
///     if (scanner.found()) use(scanner.value(), scanner.value_begin());
///
/// Strict where lenient parsers would read another form than we do (RFC 7578, RFC 2046 §5.1.1): the
/// field twice, as a file, encoded, or with an extended name; a delimiter with a bare LF or with
/// something behind it; heads with bare LF, folds or NUL. So feed it all of the body, also after
/// the field was found. Pure; one object per body.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::http {

class FormScanner {
public:
    static constexpr std::size_t kMaxHead = 8 * 1024;  ///< of one part, bytes
    static constexpr std::size_t kMaxValue = 4 * 1024;

    /// `boundary` as the content type names it: 1 to 70 characters (RFC 2046 §5.1.1).
    FormScanner(std::string_view boundary, std::string field);

    /// Null, or what is wrong with the form.
    const char* feed(std::string_view piece);
    /// The body has ended: null, or what is missing.
    const char* finish() const;

    /// The field's value is whole.
    bool found() const { return found_; }
    std::string_view value() const { return value_; }
    uint64_t value_begin() const { return value_begin_; }  ///< offset in the body
    /// A part with a file name has begun.
    bool file_begun() const { return file_begun_; }

private:
    enum class State : uint8_t { data, delimiter_end, head, epilogue };
    enum class Kind : uint8_t { preamble, other, field };
    const char* data(std::string_view& piece);
    const char* delimiter_found();
    const char* delimiter_end(char c);
    const char* head(char c);
    const char* begin_part();
    const char* keep(std::string_view bytes);

    std::string delimiter_;  // "\n--boundary": a line feed occurs nowhere else in it
    std::string field_;
    std::string head_;   // of the part that begins
    std::string value_;  // while the field's part goes by: with what may be a delimiter
    uint64_t offset_ = 0;
    uint64_t content_ = 0;  // offset of the part's content
    uint64_t value_begin_ = 0;
    std::size_t matched_ = 0;  // bytes of delimiter_ that the data so far ends with
    char previous_ = '\r';     // the byte before that
    char tail_ = 0;            // of the delimiter's line, the last byte
    State state_ = State::data;
    Kind kind_ = Kind::preamble;
    bool found_ = false;
    bool file_begun_ = false;
};

/// The boundary parameter of a multipart content type, or empty if there is none that is allowed.
std::string form_boundary(std::string_view content_type);

}  // namespace weir::http
