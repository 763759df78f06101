// SPDX-License-Identifier: Apache-2.0
// A long way to a TCP port, on loopback: what is said arrives late and only as fast as the line carries it, in each direction;
// the line can be cut and mended. What does not fit on the line waits at its sender, as with a real one.
#pragma once

#include "core/base/files.h"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace orrery::test {

class ShapedProxy {
public:
    struct Line {
        std::chrono::milliseconds delay{0}; ///< one way
        double bytesPerSecond = 1e9;
    };
    /// 50 ms there and back, 10 Mbit/s.
    static Line farAway() { return {std::chrono::milliseconds(25), 10e6 / 8}; }

    ShapedProxy(uint16_t target, Line line) : m_target(target), m_line(line)
    {
        const int on = 1;
        ::setsockopt(m_listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof(address);
        if (::bind(m_listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0 &&
            ::listen(m_listener.get(), 64) == 0 &&
            ::getsockname(m_listener.get(), reinterpret_cast<sockaddr *>(&address), &size) == 0)
            m_port = ntohs(address.sin_port);
        m_thread = std::thread([this] { run(); });
    }
    ~ShapedProxy()
    {
        m_stop = true;
        m_thread.join();
    }
    ShapedProxy(const ShapedProxy &) = delete;
    ShapedProxy &operator=(const ShapedProxy &) = delete;

    [[nodiscard]] uint16_t port() const { return m_port; } ///< 0: it does not listen
    [[nodiscard]] uint64_t numBytes() const { return m_numBytes; } ///< that arrived, both ways together
    [[nodiscard]] int numConnections() const { return m_numConnections; } ///< so far
    /// Ends every connection at once, and takes none until mend().
    void cut() { m_isCut = true; }
    void mend() { m_isCut = false; }
    /// Connections from now on go there.
    void setTarget(uint16_t port) { m_target = port; }
    /// From now on nothing arrives any more, and nobody is told: a cable that was pulled.
    void freeze(bool isFrozen) { m_isFrozen = isFrozen; }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr size_t kMostOnTheLine = 256 * 1024;
    static constexpr int kTickMs = 1;

    struct Way {
        struct Piece {
            Clock::time_point due;
            std::string bytes;
        };
        std::deque<Piece> pieces;
        size_t numWaiting = 0;
        Clock::time_point freeAt; ///< when the last piece has left its sender
        bool hasEnded = false;
    };
    struct Connection {
        FileDescriptor sides[2];
        Way ways[2]; ///< from sides[i] to the other one
    };

    static sockaddr_in loopback(uint16_t port)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }
    void run()
    {
        std::vector<std::unique_ptr<Connection>> connections;
        while (!m_stop) {
            if (m_isCut) connections.clear();
            std::vector<pollfd> polled = {{m_listener.get(), POLLIN, 0}};
            for (const auto &connection : connections)
                for (int i = 0; i < 2; ++i) {
                    const Way &way = connection->ways[i];
                    const bool isRead = !way.hasEnded && way.numWaiting < kMostOnTheLine && !m_isFrozen;
                    polled.push_back({isRead ? connection->sides[i].get() : -1, POLLIN, 0});
                }
            ::poll(polled.data(), polled.size(), kTickMs);
            for (size_t c = 0; c < connections.size() && !m_isFrozen; ++c)
                for (size_t i = 0; i < 2; ++i) {
                    if (polled[1 + 2 * c + i].revents != 0) take(*connections[c], i);
                    deliver(*connections[c], i);
                }
            std::erase_if(connections, [](const auto &connection) {
                return std::all_of(std::begin(connection->ways), std::end(connection->ways),
                                   [](const Way &way) { return way.hasEnded && way.pieces.empty(); });
            });
            if (polled[0].revents != 0) accept(connections);
        }
    }
    void accept(std::vector<std::unique_ptr<Connection>> &connections)
    {
        auto connection = std::make_unique<Connection>();
        connection->sides[0] = FileDescriptor(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (m_isCut || !connection->sides[0].isOpen()) return;
        connection->sides[1] = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int on = 1;
        for (const FileDescriptor &side : connection->sides)
            ::setsockopt(side.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        const sockaddr_in address = loopback(m_target);
        if (::connect(connection->sides[1].get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0) return;
        ++m_numConnections;
        connections.push_back(std::move(connection));
    }
    void take(Connection &connection, size_t from)
    {
        Way &way = connection.ways[from];
        char bytes[16384];
        const ssize_t count = ::recv(connection.sides[from].get(), bytes, sizeof(bytes), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0) {
            way.hasEnded = true;
            return;
        }
        const std::chrono::duration<double> onTheLine(static_cast<double>(count) / m_line.bytesPerSecond);
        way.freeAt = std::max(Clock::now(), way.freeAt) + std::chrono::duration_cast<Clock::duration>(onTheLine);
        way.pieces.push_back({way.freeAt + m_line.delay, std::string(bytes, static_cast<size_t>(count))});
        way.numWaiting += static_cast<size_t>(count);
    }
    void deliver(Connection &connection, size_t from)
    {
        Way &way = connection.ways[from];
        const int to = connection.sides[from ^ 1].get();
        while (!way.pieces.empty() && way.pieces.front().due <= Clock::now()) {
            std::string &bytes = way.pieces.front().bytes;
            const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
            if (sent < 0) { // nobody is there any more
                way.pieces.clear();
                way.hasEnded = true;
                return;
            }
            m_numBytes += static_cast<uint64_t>(sent);
            way.numWaiting -= static_cast<size_t>(sent);
            bytes.erase(0, static_cast<size_t>(sent));
            if (bytes.empty()) way.pieces.pop_front();
        }
        if (way.hasEnded && way.pieces.empty()) ::shutdown(to, SHUT_WR);
    }

    std::atomic<uint16_t> m_target;
    Line m_line;
    FileDescriptor m_listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    uint16_t m_port = 0;
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_isCut{false};
    std::atomic<bool> m_isFrozen{false};
    std::atomic<int> m_numConnections{0};
    std::atomic<uint64_t> m_numBytes{0};
    std::thread m_thread;
};

} // namespace orrery::test
