// SPDX-License-Identifier: Apache-2.0
// A long way between two sockets: what is said arrives late and only as fast as the line carries it, in each direction;
// the line can be cut and mended. What does not fit on the line waits at its sender, as with a real one. All connections
// share the line and take turns on it, a packet each.
#pragma once

#include "core/base/files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace orrery::test {

class ShapedLine {
public:
    struct Line {
        std::chrono::milliseconds delay{0}; ///< one way
        double bytesPerSecond = 1e9;
    };
    /// 50 ms there and back, 10 Mbit/s.
    static Line farAway() { return {std::chrono::milliseconds(25), 10e6 / 8}; }

    ShapedLine(const ShapedLine &) = delete;
    ShapedLine &operator=(const ShapedLine &) = delete;

    [[nodiscard]] uint64_t numBytes() const { return m_numBytes; } ///< that arrived, both ways together
    [[nodiscard]] int numConnections() const { return m_numConnections; } ///< so far
    /// Ends every connection at once, and takes none until mend().
    void cut() { m_isCut = true; }
    void mend() { m_isCut = false; }
    /// From now on nothing arrives any more, and nobody is told: a cable that was pulled.
    void freeze(bool isFrozen) { m_isFrozen = isFrozen; }
    /// The same of one connection alone, by the number that it came with, from 1 on; 0: of none any more.
    void hold(int connection) { m_held = connection; }

protected:
    explicit ShapedLine(Line line) : m_line(line) {}
    ~ShapedLine()
    {
        m_stop = true;
        if (m_thread.joinable()) m_thread.join();
    }
    /// Takes connections at an address and joins each to one of its own to the target.
    /// @return whether it listens; the listener's descriptor is listener()
    template <typename Address> bool begin(Address at, const Address &target)
    {
        setTargetAddress(target);
        m_listener = FileDescriptor(::socket(m_target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const bool isListening =
            ::bind(m_listener.get(), reinterpret_cast<const sockaddr *>(&at), sizeof(at)) == 0 && ::listen(m_listener.get(), 64) == 0;
        m_thread = std::thread([this] { run(); });
        return isListening;
    }
    template <typename Address> void setTargetAddress(const Address &target)
    {
        const std::lock_guard lock(m_mutex);
        std::memcpy(&m_target, &target, sizeof(target));
        m_targetSize = sizeof(target);
    }
    [[nodiscard]] int listener() const { return m_listener.get(); }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr size_t kMostOnTheLine = 256 * 1024;
    static constexpr int kTickMs = 1;

    struct Way {
        struct Piece {
            Clock::time_point due;
            std::string bytes;
        };
        std::string queued; ///< at its sender
        std::deque<Piece> pieces;
        size_t numWaiting = 0; ///< bytes of both
        bool hasEnded = false;
        [[nodiscard]] bool isOver() const { return hasEnded && numWaiting == 0; }
    };
    struct Connection {
        int number = 0;
        FileDescriptor sides[2];
        Way ways[2]; ///< from sides[i] to the other one
    };

    FileDescriptor connectToTarget()
    {
        const std::lock_guard lock(m_mutex);
        FileDescriptor there(::socket(m_target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(there.get(), reinterpret_cast<const sockaddr *>(&m_target), m_targetSize) != 0) return {};
        return there;
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
                    const bool isRead = !way.hasEnded && way.numWaiting < kMostOnTheLine && !isStill(*connection);
                    polled.push_back({isRead ? connection->sides[i].get() : -1, POLLIN, 0});
                }
            ::poll(polled.data(), polled.size(), kTickMs);
            for (size_t i = 0; i < 2; ++i) {
                for (size_t c = 0; c < connections.size(); ++c)
                    if (polled[1 + 2 * c + i].revents != 0) take(*connections[c], i);
                transmit(connections, i);
                for (const auto &connection : connections)
                    if (!isStill(*connection)) deliver(*connection, i);
            }
            std::erase_if(connections, [](const auto &connection) {
                return std::all_of(std::begin(connection->ways), std::end(connection->ways),
                                   [](const Way &way) { return way.isOver(); });
            });
            if (polled[0].revents != 0) accept(connections);
        }
    }
    [[nodiscard]] bool isStill(const Connection &connection) const
    {
        return m_isFrozen || connection.number == m_held;
    }
    void accept(std::vector<std::unique_ptr<Connection>> &connections)
    {
        auto connection = std::make_unique<Connection>();
        connection->sides[0] = FileDescriptor(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (m_isCut || !connection->sides[0].isOpen()) return;
        connection->sides[1] = connectToTarget();
        if (!connection->sides[1].isOpen()) return;
        const int on = 1; // a Unix socket has no such option, and needs none
        for (const FileDescriptor &side : connection->sides)
            ::setsockopt(side.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        connection->number = ++m_numConnections;
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
        way.queued.append(bytes, static_cast<size_t>(count));
        way.numWaiting += static_cast<size_t>(count);
    }
    /// Puts on the line, from one side, what it carries until now.
    void transmit(const std::vector<std::unique_ptr<Connection>> &connections, size_t from)
    {
        const size_t packet = std::max<size_t>(1500, static_cast<size_t>(m_line.bytesPerSecond * 1e-4));
        const Clock::time_point now = Clock::now();
        Clock::time_point &freeAt = m_freeAt[from];
        // Where somebody waited, the line was busy since the last look.
        if (!m_isBusy[from]) freeAt = std::max(now, freeAt);
        size_t numSilent = 0;
        while (freeAt <= now && numSilent < connections.size()) {
            Connection &connection = *connections[++m_turn[from] % connections.size()];
            Way &way = connection.ways[from];
            if (way.queued.empty() || isStill(connection)) {
                ++numSilent;
                continue;
            }
            numSilent = 0;
            const size_t count = std::min(packet, way.queued.size());
            freeAt += std::chrono::duration_cast<Clock::duration>(
                std::chrono::duration<double>(static_cast<double>(count) / m_line.bytesPerSecond));
            way.pieces.push_back({freeAt + m_line.delay, way.queued.substr(0, count)});
            way.queued.erase(0, count);
        }
        m_isBusy[from] = numSilent < connections.size();
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
                way.queued.clear();
                way.numWaiting = 0;
                way.hasEnded = true;
                return;
            }
            m_numBytes += static_cast<uint64_t>(sent);
            way.numWaiting -= static_cast<size_t>(sent);
            bytes.erase(0, static_cast<size_t>(sent));
            if (bytes.empty()) way.pieces.pop_front();
        }
        if (way.isOver()) ::shutdown(to, SHUT_WR);
    }

    const Line m_line;
    FileDescriptor m_listener;
    std::mutex m_mutex;
    sockaddr_storage m_target{};
    socklen_t m_targetSize = 0;
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_isCut{false};
    std::atomic<bool> m_isFrozen{false};
    std::atomic<int> m_held{0};
    Clock::time_point m_freeAt[2]; ///< when what was put on the line has left its sender
    bool m_isBusy[2] = {false, false};
    size_t m_turn[2] = {0, 0};
    std::atomic<int> m_numConnections{0};
    std::atomic<uint64_t> m_numBytes{0};
    std::thread m_thread;
};

} // namespace orrery::test
