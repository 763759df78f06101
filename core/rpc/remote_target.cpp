// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/remote_target.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>

namespace orrery {

namespace {

constexpr const char *kTls = "tcp://";
constexpr const char *kPlain = "plain://";
constexpr size_t kMaxHostName = 255;
constexpr size_t kMaxToken = 256;

Error notAnAddress(const std::string &text, const std::string &found)
{
    return {ErrorCode::InvalidInput,
            "Cannot use address \"" + text + "\": " + found + ", expected tcp://HOST:PORT.",
            "For example tcp://gpu-server:7431, or tcp://[fd00::1]:7431."};
}

bool isHostCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '%';
}

} // namespace

std::string TcpAddress::hostAndPort() const
{
    const bool isV6 = host.find(':') != std::string::npos;
    return (isV6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string TcpAddress::text() const { return (isPlain ? kPlain : kTls) + hostAndPort(); }

bool TcpAddress::isLoopback() const
{
    if (host == "localhost") return true;
    in_addr v4{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<TcpAddress> parseTcpAddress(const std::string &text)
{
    TcpAddress address;
    std::string rest = text;
    if (rest.starts_with(kTls)) {
        rest.erase(0, std::strlen(kTls));
    } else if (rest.starts_with(kPlain)) {
        rest.erase(0, std::strlen(kPlain));
        address.isPlain = true;
    } else if (const size_t scheme = rest.find("://"); scheme != std::string::npos) {
        return notAnAddress(text, "its scheme is \"" + rest.substr(0, scheme) + "\"");
    }
    const size_t colon = rest.rfind(':');
    if (colon == std::string::npos || colon + 1 == rest.size()) return notAnAddress(text, "it has no port");
    const std::string port = rest.substr(colon + 1);
    address.host = rest.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']') && address.host.size() > 2)
        address.host = address.host.substr(1, address.host.size() - 2);
    else if (address.host.find(':') != std::string::npos)
        return notAnAddress(text, "an IPv6 address stands without its brackets");
    if (address.host.empty()) return notAnAddress(text, "it names no host");
    if (address.host.size() > kMaxHostName || !std::all_of(address.host.begin(), address.host.end(), isHostCharacter))
        return notAnAddress(text, "\"" + address.host.substr(0, kMaxHostName) + "\" is not the name of a host");
    const bool isNumber = port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    const int number = isNumber ? std::stoi(port) : -1;
    if (number < 0 || number > 65535) return notAnAddress(text, "its port is \"" + port + "\", not 0 to 65535");
    address.port = static_cast<uint16_t>(number);
    if (address.isPlain && !address.isLoopback())
        return Error{ErrorCode::InvalidInput,
                     "Cannot use address \"" + text +
                         "\": without TLS the token and everything else could be read on the way, expected a loopback address.",
                     "Write tcp:// for TLS, or forward a port of this machine with ssh -L and name that."};
    return address;
}

Result<void> checkTokenText(const std::string &token, const std::string &label)
{
    const auto isAllowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("-._~+/=", c) != nullptr;
    };
    // The value itself is a secret and stands in no message.
    std::string found;
    if (token.empty())
        found = "there is none";
    else if (token.size() > kMaxToken)
        found = "it has " + std::to_string(token.size()) + " characters, more than " + std::to_string(kMaxToken);
    else if (!std::all_of(token.begin(), token.end(), [&](char c) { return c != '\0' && isAllowed(c); }))
        found = "it has a character that no token has (a space or a line break, perhaps)";
    if (found.empty()) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot use the token for \"" + label + "\": " + found + ", expected one that its host has made.",
                 "Make one there: orrery-engine host token create NAME. It goes into the connection (orrery-engine connections "
                 "add), or into ORRERY_TOKEN."};
}

} // namespace orrery
