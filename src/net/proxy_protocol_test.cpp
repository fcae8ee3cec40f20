#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::net {
namespace {

using State = ProxyParse::State;
using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string binary(char command, char transport, const std::string& block) {
    std::string out = kSignature + command + transport;
    out.push_back(static_cast<char>(block.size() >> 8));
    out.push_back(static_cast<char>(block.size() & 0xff));
    return out + block;
}

const std::string kFour = "\xc0\x00\x02\x07\x7f\x00\x00\x01\x9c\x40\x01\xbb"s;

TEST(ProxyProtocolTest, EveryFormIsRead) {
    struct Row {
        std::string bytes;
        std::string source;
    };
    for (const Row& row :
         {Row{"PROXY TCP4 192.0.2.7 127.0.0.1 40000 443\r\n", "192.0.2.7:40000"},
          Row{"PROXY TCP6 2001:db8::7 ::1 40000 443\r\n", "[2001:db8::7]:40000"},
          Row{"PROXY UNKNOWN\r\n", ""}, Row{"PROXY UNKNOWN whatever it says\r\n", ""},
          Row{binary('\x21', '\x11', kFour), "192.0.2.7:40000"},
          Row{binary('\x20', '\x00', ""), ""},
          Row{binary('\x21', '\x31', std::string(216, 'u')), ""},
          Row{binary('\x21', '\x11', kFour + "\x04\x00\x01x"s), "192.0.2.7:40000"}}) {
        ProxyParse parsed = parse_proxy_header(row.bytes + "POST / HTTP/1.1\r\n");
        ASSERT_EQ(parsed.state, State::complete) << row.bytes;
        EXPECT_EQ(parsed.header.size, row.bytes.size());
        EXPECT_EQ(parsed.header.source ? parsed.header.source->to_string() : "", row.source);
        for (std::size_t i = 0; i < row.bytes.size(); ++i)
            EXPECT_EQ(parse_proxy_header(row.bytes.substr(0, i)).state, State::more) << i;
    }
}

TEST(ProxyProtocolTest, WhatIsWrongIsBroken) {
    for (const std::string& bytes :
         {"PROXY TCP4 192.0.2.7 127.0.0.1 40000\r\n"s, "PROXY TCP4 ::1 ::1 1 1\r\n"s,
          "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n"s, "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n"s,
          "PROXY TCP9 1.2.3.4 1.2.3.4 1 1\r\n"s, "PROXY "s + std::string(110, 'x'),
          binary('\x11', '\x11', kFour), binary('\x22', '\x11', kFour),
          binary('\x21', '\x11', "\x01\x02"s), binary('\x21', '\x41', kFour),
          binary('\x21', '\x11', kFour + "\x04\x00\x09x"s),
          binary('\x21', '\x11', kFour + "\x03\x00\x04\x00\x00\x00\x00"s)})
        EXPECT_EQ(parse_proxy_header(bytes).state, State::broken) << bytes;
    EXPECT_EQ(parse_proxy_header("POST / HTTP/1.1\r\n").state, State::none);
    EXPECT_EQ(parse_proxy_header("\r\n\r\nPOST").state, State::none);
    EXPECT_EQ(parse_proxy_header("").state, State::more);
}

}  // namespace
}  // namespace weir::net
