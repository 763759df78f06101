// SPDX-License-Identifier: Apache-2.0
// Where a host on another machine is and how one gets in: its address, what its certificate must be, and the
// token. Values; any thread.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>

namespace orrery {

/// "tcp://HOST:PORT" (TLS) or "plain://HOST:PORT" (no TLS: loopback only); an IPv6 address stands in brackets.
struct TcpAddress {
    std::string host;
    uint16_t port = 0;
    bool isPlain = false;

    [[nodiscard]] std::string text() const; ///< as it is written, with the scheme
    [[nodiscard]] std::string hostAndPort() const;
    /// An address of this machine only: 127.0.0.0/8, ::1 or "localhost".
    [[nodiscard]] bool isLoopback() const;
};
/// @param text with or without a scheme; without one TLS is meant
/// @error InvalidInput: no port, a port out of range, an unknown scheme, a plain address that is no loopback
Result<TcpAddress> parseTcpAddress(const std::string &text);

struct RemoteTarget {
    std::string address;     ///< as parseTcpAddress() reads it; empty: not a remote host
    std::string token;       ///< never in a message, a log or an argument
    std::string fingerprint; ///< of the certificate, as certificateFingerprint() writes it; needed unless plain
    std::string name;        ///< what people call it; empty: the address

    [[nodiscard]] const std::string &label() const { return name.empty() ? address : name; }
};

/// A token as a header can carry it. @error InvalidInput (empty, too long, a character that no token has)
Result<void> checkTokenText(const std::string &token, const std::string &label);

} // namespace orrery
