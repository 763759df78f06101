// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/unix_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace orrery {

namespace {

sockaddr_un socketAddress(const std::string &path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), kMaxSocketPath));
    return address;
}

FileDescriptor openReserve() { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

/// Largest descriptor number that may be used for a connection, under the limit of this moment.
int lastFreeDescriptor(int reserved)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 1 << 30;
    const auto total = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 30));
    return total - 1 - (reserved > 0 ? reserved : std::min(32, total / 4));
}

} // namespace

Result<void> checkSocketPath(const std::string &path)
{
    if (!path.empty() && path.size() <= kMaxSocketPath && path.find('\0') == std::string::npos) return {};
    return Error{ErrorCode::InvalidInput,
                 "Cannot use socket \"" + path + "\": its path has " + std::to_string(path.size()) +
                     " bytes, expected 1 to " + std::to_string(kMaxSocketPath) + ".",
                 "Set XDG_RUNTIME_DIR (or TMPDIR) to a folder with a shorter path."};
}

SocketProbe probeSocket(const std::string &path)
{
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return SocketProbe::Missing;
    if (!S_ISSOCK(info.st_mode)) return SocketProbe::NotASocket;
    FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe.isOpen()) return SocketProbe::Unknown;
    const sockaddr_un address = socketAddress(path);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0)
        return SocketProbe::Listening;
    if (errno == EAGAIN || errno == EINPROGRESS) return SocketProbe::Listening;
    if (errno == ECONNREFUSED) return SocketProbe::Stale;
    return errno == ENOENT ? SocketProbe::Missing : SocketProbe::Unknown;
}

int64_t listeningProcess(const std::string &path)
{
    const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe.isOpen() || !checkSocketPath(path).ok()) return 0;
    const sockaddr_un address = socketAddress(path);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0) return 0;
    ucred peer{};
    socklen_t size = sizeof(peer);
    return ::getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

Result<std::unique_ptr<UnixAcceptor>> UnixAcceptor::start(UnixAcceptorOptions options)
{
    ORRERY_TRY(checkSocketPath(options.path));
    switch (probeSocket(options.path)) {
    case SocketProbe::Listening:
        return Error{ErrorCode::Conflict,
                     "Cannot listen on \"" + options.path +
                         "\": another program listens there, expected nobody.",
                     "Stop the other program or choose another socket."};
    case SocketProbe::NotASocket:
        return Error{ErrorCode::Conflict,
                     "Cannot listen on \"" + options.path + "\": a file that is not a socket stands there.",
                     "Move it away or choose another socket."};
    case SocketProbe::Stale:
        ::unlink(options.path.c_str());
        break;
    default:
        break;
    }

    std::unique_ptr<UnixAcceptor> acceptor(new UnixAcceptor);
    acceptor->m_options = std::move(options);
    const std::string &path = acceptor->m_options.path;
    if (!acceptor->m_options.isAllowed)
        acceptor->m_options.isAllowed = [](uid_t uid) { return uid == ::geteuid(); };
    acceptor->m_listener = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    acceptor->m_wake = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    acceptor->m_reserve = openReserve();
    if (!acceptor->m_listener.isOpen() || !acceptor->m_wake.isOpen() || !acceptor->m_reserve.isOpen())
        return ioError("listen on", path, errno);
    const sockaddr_un address = socketAddress(path);
    if (::bind(acceptor->m_listener.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) !=
        0)
        return ioError("listen on", path, errno);
    // Nobody can connect before listen(), so the mode is right before it matters.
    if (::chmod(path.c_str(), 0600) != 0 || ::listen(acceptor->m_listener.get(), 128) != 0) {
        const int problem = errno;
        ::unlink(path.c_str());
        return ioError("listen on", path, problem);
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        acceptor->m_device = info.st_dev;
        acceptor->m_inode = info.st_ino;
    }
    acceptor->m_thread = std::thread([raw = acceptor.get()] { raw->acceptLoop(); });
    return acceptor;
}

UnixAcceptor::~UnixAcceptor() { stop(); }

void UnixAcceptor::stop()
{
    if (!m_thread.joinable()) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_wake.get(), &one, sizeof(one));
    m_thread.join();
    struct stat info {};
    if (::lstat(m_options.path.c_str(), &info) == 0 && info.st_dev == m_device && info.st_ino == m_inode)
        ::unlink(m_options.path.c_str());
    m_listener = FileDescriptor();
}

void UnixAcceptor::hangUp()
{
    // A number may be that of something else by now: a socket is known by its inode.
    for (const auto &[descriptor, inode] : m_given)
        if (struct stat info {}; ::fstat(descriptor, &info) == 0 && S_ISSOCK(info.st_mode) && info.st_ino == inode)
            ::shutdown(descriptor, SHUT_RDWR);
}

void UnixAcceptor::acceptLoop()
{
    for (;;) {
        pollfd waits[2] = {{m_listener.get(), POLLIN, 0}, {m_wake.get(), POLLIN, 0}};
        if (::poll(waits, 2, -1) < 0 && errno != EINTR) {
            // ENOMEM: nothing to do but to try again a little later.
            ::usleep(50'000);
            continue;
        }
        if (waits[1].revents != 0) return;
        if (waits[0].revents != 0) acceptOne();
    }
}

void UnixAcceptor::acceptOne()
{
    FileDescriptor connection(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.isOpen()) {
        if (errno == EMFILE || errno == ENFILE)
            turnAwayWithReserve();
        else if (errno == ENOBUFS || errno == ENOMEM)
            ::usleep(50'000);
        return;
    }
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        !m_options.isAllowed(peer.uid)) {
        ++m_numForeign;
        return;
    }
    // Descriptors are given out lowest first, so a high number means that few are left.
    if (connection.get() > lastFreeDescriptor(m_options.reservedDescriptors)) {
        ++m_numExhausted;
        return;
    }
    ++m_numAccepted;
    if (struct stat info {}; ::fstat(connection.get(), &info) == 0) m_given[connection.get()] = info.st_ino;
    m_options.onConnection(connection.release());
}

void UnixAcceptor::turnAwayWithReserve()
{
    ++m_numExhausted;
    if (!m_reserve.isOpen()) {
        m_reserve = openReserve();
        if (!m_reserve.isOpen()) ::usleep(50'000); // the backlog holds the others meanwhile
        return;
    }
    m_reserve = FileDescriptor();
    // The peer sees a connection that closes at once instead of one that hangs in the backlog.
    FileDescriptor refused(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    refused = FileDescriptor();
    m_reserve = openReserve();
}

} // namespace orrery
