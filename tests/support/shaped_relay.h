// SPDX-License-Identifier: Apache-2.0
// A long way to a Unix socket, from another one that stands at a path.
#pragma once

#include "tests/support/shaped_line.h"

#include <sys/un.h>

namespace orrery::test {

class ShapedRelay : public ShapedLine {
public:
    ShapedRelay(const std::string &path, const std::string &target, Line line) : ShapedLine(line)
    {
        m_isListening = begin(addressOf(path), addressOf(target));
    }
    [[nodiscard]] bool isListening() const { return m_isListening; }

private:
    static sockaddr_un addressOf(const std::string &path)
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        return address;
    }

    bool m_isListening = false;
};

} // namespace orrery::test
