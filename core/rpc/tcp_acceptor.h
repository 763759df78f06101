// SPDX-License-Identifier: Apache-2.0
// Accepts TCP connections ourselves, for the reason that unix_server.h gives: gRPC 1.51's listener dies when descriptors
// run out. Private to core/rpc and its tests. Made and destroyed on one thread; the callbacks run on its own.
#pragma once

#include "core/base/files.h"
#include "core/rpc/remote_target.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace orrery {

struct TcpAcceptorOptions {
    TcpAddress address;                                       ///< port 0: one that is free
    std::function<void(int descriptor)> onConnection;         ///< takes ownership; must not block
    std::function<void()> onTick;                             ///< four times a second; may be empty
    int maxPerAddress = 120; ///< connections of one address in a minute; above they are closed at once
};

class TcpAcceptor {
public:
    /// @error InvalidInput (no such address here), Conflict (the port is taken), Io
    static Result<std::unique_ptr<TcpAcceptor>> start(TcpAcceptorOptions options);
    ~TcpAcceptor();
    TcpAcceptor(const TcpAcceptor &) = delete;
    TcpAcceptor &operator=(const TcpAcceptor &) = delete;

    void stop();
    [[nodiscard]] uint16_t port() const { return m_port; }
    [[nodiscard]] uint64_t numAccepted() const { return m_numAccepted; }
    [[nodiscard]] uint64_t numTurnedAway() const { return m_numTurnedAway; } ///< too many, or too few descriptors

private:
    struct Visits {
        int count = 0;
        double since = 0;
    };
    TcpAcceptor() = default;
    void acceptLoop();
    void acceptOne();
    bool mayCome(const std::string &address);

    TcpAcceptorOptions m_options;
    FileDescriptor m_listener;
    FileDescriptor m_wake;
    FileDescriptor m_reserve; ///< given up to accept and close when descriptors run out
    uint16_t m_port = 0;
    std::map<std::string, Visits> m_visits; ///< the accepting thread's
    std::thread m_thread;
    std::atomic<uint64_t> m_numAccepted{0};
    std::atomic<uint64_t> m_numTurnedAway{0};
};

} // namespace orrery
