// SPDX-License-Identifier: Apache-2.0
// Accepts connections on a Unix socket ourselves, because gRPC 1.51 shows no peer uid and its listener dies
// when descriptors run out. Private to core/rpc and its tests. Made and destroyed on one thread; onConnection
// runs on its own.
#pragma once

#include "core/base/files.h"
#include "core/base/result.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <thread>

namespace orrery {

inline constexpr size_t kMaxSocketPath = 107; ///< sun_path less its NUL

/// @error InvalidInput when the path is empty or above 107 bytes
Result<void> checkSocketPath(const std::string &path);

enum class SocketProbe : uint8_t { Unknown, Missing, Stale, Listening, NotASocket };
/// Who is at a socket path now. Never blocks for long: a full backlog counts as listening.
SocketProbe probeSocket(const std::string &path);
/// The process that listens at a socket path; 0 when nobody does or it cannot be told. Behind a forwarded socket it is
/// the forwarder, not the program that answers.
int64_t listeningProcess(const std::string &path);

struct UnixAcceptorOptions {
    std::string path;
    std::function<void(int descriptor)> onConnection; ///< takes ownership; must not block
    std::function<bool(uid_t)> isAllowed;             ///< empty: only the user of this process
    /// Connections are turned away while fewer descriptors than this are free, so that stores and logs can
    /// still open files. 0: a quarter of the limit, 32 at most.
    int reservedDescriptors = 0;
};

class UnixAcceptor {
public:
    /// Removes a stale socket, binds with mode 0600 and starts the accepting thread.
    /// @error InvalidInput (path), Conflict (somebody listens there, or it is not a socket), Io
    static Result<std::unique_ptr<UnixAcceptor>> start(UnixAcceptorOptions options);
    ~UnixAcceptor();
    UnixAcceptor(const UnixAcceptor &) = delete;
    UnixAcceptor &operator=(const UnixAcceptor &) = delete;

    /// Accepts no more, joins and removes the socket if it is still ours.
    void stop();
    /// After stop(): ends the connections that are still open, whoever owns them now. What is being written to a peer that does
    /// not read fails then, in place of waiting for it.
    void hangUp();
    [[nodiscard]] uint64_t numAccepted() const { return m_numAccepted; }
    [[nodiscard]] uint64_t numForeign() const { return m_numForeign; } ///< turned away: another user
    [[nodiscard]] uint64_t numExhausted() const
    {
        return m_numExhausted;
    } ///< turned away: too few descriptors

private:
    UnixAcceptor() = default;
    void acceptLoop();
    void acceptOne();
    void turnAwayWithReserve();

    UnixAcceptorOptions m_options;
    FileDescriptor m_listener;
    FileDescriptor m_wake;    ///< eventfd that ends the loop
    FileDescriptor m_reserve; ///< given up to accept and close when descriptors run out
    dev_t m_device = 0;
    ino_t m_inode = 0;
    std::map<int, ino_t> m_given; ///< descriptors of connections, with what they were then; of the accepting thread
    std::thread m_thread;
    std::atomic<uint64_t> m_numAccepted{0};
    std::atomic<uint64_t> m_numForeign{0};
    std::atomic<uint64_t> m_numExhausted{0};
};

} // namespace orrery
