// SPDX-License-Identifier: Apache-2.0
// A forwarded socket as ssh makes one: this process listens, somebody else answers.
#pragma once

#include "core/base/files.h"

#include <atomic>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace orrery::test {

class SocketRelay {
public:
    SocketRelay(const std::string &path, std::string target) : m_target(std::move(target))
    {
        const sockaddr_un address = addressOf(path);
        m_isListening =
            ::bind(m_listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0 &&
            ::listen(m_listener.get(), 16) == 0;
        m_thread = std::thread([this] { run(); });
    }
    ~SocketRelay()
    {
        m_stop = true;
        m_thread.join();
    }
    SocketRelay(const SocketRelay &) = delete;
    SocketRelay &operator=(const SocketRelay &) = delete;
    [[nodiscard]] bool isListening() const { return m_isListening; }

private:
    static sockaddr_un addressOf(const std::string &path)
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        return address;
    }
    void run()
    {
        // Descriptors 2n and 2n + 1 are the two sides of one connection.
        std::vector<FileDescriptor> sides;
        while (!m_stop) {
            std::vector<pollfd> polled = {{m_listener.get(), POLLIN, 0}};
            for (const FileDescriptor &side : sides)
                polled.push_back({side.isOpen() ? side.get() : -1, POLLIN, 0});
            if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
            for (size_t i = 0; i < sides.size(); ++i)
                if (polled[i + 1].revents != 0 && !copy(sides[i], sides[i ^ 1])) {
                    sides[i] = FileDescriptor();
                    sides[i ^ 1] = FileDescriptor();
                }
            if (polled[0].revents != 0) accept(sides);
        }
    }
    void accept(std::vector<FileDescriptor> &sides)
    {
        FileDescriptor near(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        FileDescriptor far(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un address = addressOf(m_target);
        if (::connect(far.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0) return;
        sides.push_back(std::move(near));
        sides.push_back(std::move(far));
    }
    static bool copy(const FileDescriptor &from, const FileDescriptor &to)
    {
        char bytes[16384];
        const ssize_t count = ::read(from.get(), bytes, sizeof(bytes));
        if (count <= 0) return false;
        for (ssize_t sent = 0; sent < count;) {
            const ssize_t now =
                ::send(to.get(), bytes + sent, static_cast<size_t>(count - sent), MSG_NOSIGNAL);
            if (now <= 0) return false;
            sent += now;
        }
        return true;
    }

    std::string m_target;
    FileDescriptor m_listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    bool m_isListening = false;
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace orrery::test
