// SPDX-License-Identifier: Apache-2.0
// A long way to a TCP port, on loopback.
#pragma once

#include "tests/support/shaped_line.h"

#include <arpa/inet.h>

namespace orrery::test {

class ShapedProxy : public ShapedLine {
public:
    ShapedProxy(uint16_t target, Line line) : ShapedLine(line)
    {
        sockaddr_in address{};
        socklen_t size = sizeof(address);
        if (begin(loopback(0), loopback(target)) &&
            ::getsockname(listener(), reinterpret_cast<sockaddr *>(&address), &size) == 0)
            m_port = ntohs(address.sin_port);
    }
    [[nodiscard]] uint16_t port() const { return m_port; } ///< 0: it does not listen
    /// Connections from now on go there.
    void setTarget(uint16_t port) { setTargetAddress(loopback(port)); }

private:
    static sockaddr_in loopback(uint16_t port)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }

    uint16_t m_port = 0;
};

} // namespace orrery::test
