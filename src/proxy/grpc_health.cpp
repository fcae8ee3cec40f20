#include "proxy/grpc_health.h"

#include "base/ascii.h"

namespace weir::proxy {
namespace {

constexpr std::size_t kPrefix = 5;  // of a message: whether it is compressed, its length
constexpr int kMostBytes = 10;      // of a varint

void put_varint(std::string& out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        out.push_back(static_cast<char>((value & 0x7f) | 0x80));
    out.push_back(static_cast<char>(value));
}

bool take_varint(std::string_view& in, uint64_t& value) {
    value = 0;
    for (int i = 0; i < kMostBytes && !in.empty(); ++i) {
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
        if (byte < 0x80) return true;
    }
    return false;
}

/// The value of a field that nobody asked about.
bool pass_over(std::string_view& in, uint64_t wire_type) {
    uint64_t size = 0;
    switch (wire_type) {
        case 0:
            return take_varint(in, size);
        case 1:
            size = 8;
            break;
        case 2:
            if (!take_varint(in, size)) return false;
            break;
        case 5:
            size = 4;
            break;
        default:
            return false;
    }
    if (size > in.size()) return false;
    in.remove_prefix(size);
    return true;
}

}  // namespace

std::string grpc_health_question(std::string_view service) {
    std::string message;
    if (!service.empty()) {
        message.push_back(1 << 3 | 2);  // field 1, length-delimited
        put_varint(message, service.size());
        message.append(service);
    }
    std::string out(1, '\0');  // not compressed
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(message.size() >> shift & 0xff));
    return out + message;
}

std::optional<uint64_t> grpc_health_answer(std::string_view body) {
    if (body.size() < kPrefix || body.front() != '\0') return std::nullopt;
    uint64_t size = 0;
    for (std::size_t i = 1; i < kPrefix; ++i)
        size = size << 8 | static_cast<unsigned char>(body[i]);
    std::string_view message = body.substr(kPrefix);
    if (message.size() != size) return std::nullopt;
    uint64_t status = 0;
    while (!message.empty()) {
        uint64_t key = 0;
        if (!take_varint(message, key)) return std::nullopt;
        const bool good =
            key == (1 << 3 | 0) ? take_varint(message, status) : pass_over(message, key & 7);
        if (!good) return std::nullopt;
    }
    return status;
}

std::string_view trailer_value(std::string_view trailers, std::string_view name) {
    while (!trailers.empty()) {
        std::string_view line = trailers.substr(0, trailers.find("\r\n"));
        trailers.remove_prefix(std::min(line.size() + 2, trailers.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && iequals(line.substr(0, colon), name))
            return trim(line.substr(colon + 1));
    }
    return {};
}

}  // namespace weir::proxy
