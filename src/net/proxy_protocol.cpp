#include "net/proxy_protocol.h"

#include <array>
#include <charconv>
#include <cstring>

namespace weir::net {
namespace {

using State = ProxyParse::State;

constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kMaxLine = 107;  // §2.1, with its CRLF
constexpr std::size_t kFixed = 16;     // of a version 2 header

uint16_t be16(std::string_view bytes, std::size_t at) {
    return static_cast<uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                 static_cast<unsigned char>(bytes[at + 1]));
}

/// The next word of a version 1 line, and its single space.
std::optional<std::string_view> word(std::string_view& line, bool last = false) {
    auto space = line.find(' ');
    if (last != (space == std::string_view::npos)) return std::nullopt;
    std::string_view out = line.substr(0, space);
    line.remove_prefix(last ? line.size() : space + 1);
    if (out.empty()) return std::nullopt;
    return out;
}

/// Decimal without leading zeros (§2.1).
std::optional<uint16_t> port_of(std::string_view text) {
    unsigned value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool plain = error == std::errc() && end == text.data() + text.size() && value <= 65535;
    if (!plain || (text.size() > 1 && text[0] == '0')) return std::nullopt;
    return static_cast<uint16_t>(value);
}

std::optional<Address> address_of(std::string_view host, std::string_view port, int family) {
    auto number = port_of(port);
    auto address = number ? parse_address(host, *number) : std::nullopt;
    if (!address || address->storage.ss_family != family) return std::nullopt;
    return address;
}

ProxyParse parse_line(std::string_view bytes) {
    auto end = bytes.substr(0, kMaxLine).find("\r\n");
    if (end == std::string_view::npos)
        return {bytes.size() < kMaxLine ? State::more : State::broken, {}};
    ProxyHeader header;
    header.size = end + 2;
    std::string_view line = bytes.substr(kSignature1.size(), end - kSignature1.size());
    if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return {State::complete, header};
    auto protocol = word(line);
    bool known = protocol == "TCP4" || protocol == "TCP6";
    auto source = known ? word(line) : std::nullopt;
    auto destination = source ? word(line) : std::nullopt;
    auto source_port = destination ? word(line) : std::nullopt;
    auto destination_port = source_port ? word(line, true) : std::nullopt;
    if (!destination_port) return {State::broken, {}};
    int family = protocol == "TCP4" ? AF_INET : AF_INET6;
    header.source = address_of(*source, *source_port, family);
    header.destination = address_of(*destination, *destination_port, family);
    if (!header.source || !header.destination) return {State::broken, {}};
    return {State::complete, header};
}

Address ipv4(std::string_view bytes, std::size_t host, std::size_t port) {
    Address address;
    address.length = sizeof(sockaddr_in);
    auto& in = reinterpret_cast<sockaddr_in&>(address.storage);
    in.sin_family = AF_INET;
    std::memcpy(&in.sin_addr, bytes.data() + host, 4);
    std::memcpy(&in.sin_port, bytes.data() + port, 2);
    return address;
}

Address ipv6(std::string_view bytes, std::size_t host, std::size_t port) {
    Address address;
    address.length = sizeof(sockaddr_in6);
    auto& in = reinterpret_cast<sockaddr_in6&>(address.storage);
    in.sin6_family = AF_INET6;
    std::memcpy(&in.sin6_addr, bytes.data() + host, 16);
    std::memcpy(&in.sin6_port, bytes.data() + port, 2);
    return address;
}

/// CRC-32C (RFC 3720 §B.4), the four bytes at `zeroed` taken for 0.
uint32_t crc32c(std::string_view bytes, std::size_t zeroed) {
    uint32_t crc = 0xffffffff;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bool zero = i >= zeroed && i < zeroed + 4;
        crc ^= zero ? 0u : static_cast<unsigned char>(bytes[i]);
        for (int bit = 0; bit < 8; ++bit)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
    }
    return ~crc;
}

/// The type-length-values behind the addresses fit, and a checksum among them holds (§2.2.3).
bool good_tlvs(std::string_view header, std::size_t at) {
    constexpr char kChecksum = 0x03;
    while (at < header.size()) {
        if (header.size() - at < 3) return false;
        char type = header[at];
        std::size_t size = be16(header, at + 1);
        at += 3;
        if (header.size() - at < size) return false;
        if (type == kChecksum) {
            if (size != 4) return false;
            uint32_t said = static_cast<uint32_t>(be16(header, at)) << 16 | be16(header, at + 2);
            if (said != crc32c(header, at)) return false;
        }
        at += size;
    }
    return true;
}

ProxyParse parse_binary(std::string_view bytes) {
    if (bytes.size() < kFixed) return {State::more, {}};
    auto command = static_cast<unsigned char>(bytes[12]);
    auto transport = static_cast<unsigned char>(bytes[13]);
    std::size_t size = kFixed + be16(bytes, 14);
    if (command != 0x20 && command != 0x21) return {State::broken, {}};  // 2, LOCAL or PROXY
    if ((transport >> 4) > 3 || (transport & 15) > 2) return {State::broken, {}};
    if (size > kMaxProxyHeader) return {State::broken, {}};
    if (bytes.size() < size) return {State::more, {}};
    ProxyHeader header;
    header.size = size;
    bool tcp4 = transport == 0x11;
    bool tcp6 = transport == 0x21;
    std::size_t addresses = tcp4 ? 12 : tcp6 ? 36 : 0;
    if (command == 0x20 || addresses == 0) return {State::complete, header};
    std::string_view whole = bytes.substr(0, size);
    if (size < kFixed + addresses || !good_tlvs(whole, kFixed + addresses))
        return {State::broken, {}};
    header.source = tcp4 ? ipv4(whole, 16, 24) : ipv6(whole, 16, 48);
    header.destination = tcp4 ? ipv4(whole, 20, 26) : ipv6(whole, 32, 50);
    return {State::complete, header};
}

}  // namespace

ProxyParse parse_proxy_header(std::string_view bytes) {
    for (std::string_view signature : {kSignature1, kSignature2}) {
        if (bytes.size() < signature.size()) {
            if (signature.starts_with(bytes)) return {State::more, {}};
        } else if (bytes.starts_with(signature)) {
            return signature == kSignature1 ? parse_line(bytes) : parse_binary(bytes);
        }
    }
    return {State::none, {}};
}

Task<Result<ProxyHeader>> read_proxy_header(Stream& stream, ProxyProtocol rule, TimePoint deadline,
                                            CancelSource* cancel) {
    std::array<char, kMaxProxyHeader> space;
    while (true) {
        IoResult r = stream.peek(space);
        if (r.closed())
            co_return fail(codes::http_bad_request, "the connection ended before its PROXY header");
        ProxyParse parsed = parse_proxy_header({space.data(), r.size});
        if (parsed.state == State::complete) {
            stream.skip(parsed.header.size);
            co_return parsed.header;
        }
        if (parsed.state == State::broken)
            co_return fail(codes::http_bad_request, "the PROXY header is malformed");
        if (parsed.state == State::none) {
            if (rule == ProxyProtocol::optional) {
                stream.skip(0);
                co_return ProxyHeader();
            }
            co_return fail(codes::http_bad_request, "there is no PROXY header");
        }
        if (co_await stream.arriving(deadline, cancel) == Wake::deadline)
            co_return fail(codes::http_timeout, "the PROXY header did not arrive in time");
    }
}

}  // namespace weir::net
