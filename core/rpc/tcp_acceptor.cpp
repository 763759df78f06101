// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/tcp_acceptor.h"

#include "core/base/log.h"
#include "core/base/platform.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace orrery {

namespace {

constexpr int kTickMs = 250;
constexpr double kWindow = 60;
constexpr size_t kMostAddresses = 1024;
constexpr rlim_t kReserved = 32; ///< descriptors that stores and logs can still open

FileDescriptor openReserve() { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool isAmongTheLast(int descriptor)
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
    return static_cast<rlim_t>(descriptor) + std::min(kReserved, limit.rlim_cur / 4) >= limit.rlim_cur;
}

std::string nameOf(const sockaddr_storage &peer, socklen_t size)
{
    char host[NI_MAXHOST] = {};
    if (::getnameinfo(reinterpret_cast<const sockaddr *>(&peer), size, host, sizeof(host), nullptr, 0, NI_NUMERICHOST) != 0)
        return "?";
    return host;
}

uint16_t boundPort(int descriptor)
{
    sockaddr_storage bound{};
    socklen_t size = sizeof(bound);
    if (::getsockname(descriptor, reinterpret_cast<sockaddr *>(&bound), &size) != 0) return 0;
    if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6 &>(bound).sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in &>(bound).sin_port);
}

} // namespace

Result<std::unique_ptr<TcpAcceptor>> TcpAcceptor::start(TcpAcceptorOptions options)
{
    const TcpAddress &address = options.address;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo *found = nullptr;
    if (const int problem = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found); problem != 0)
        return Error{ErrorCode::InvalidInput,
                     "Cannot listen on \"" + address.hostAndPort() + "\": " + ::gai_strerror(problem) +
                         ", expected an address of this machine.",
                     "0.0.0.0 means all of them, 127.0.0.1 only this machine."};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> places(found, ::freeaddrinfo);
    std::unique_ptr<TcpAcceptor> acceptor(new TcpAcceptor);
    FileDescriptor listener(::socket(places->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    acceptor->m_wake = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    acceptor->m_reserve = openReserve();
    if (!listener.isOpen() || !acceptor->m_wake.isOpen() || !acceptor->m_reserve.isOpen())
        return ioError("listen on", address.hostAndPort(), errno);
    const int on = 1; // a host that is started again finds the port in its last minute
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(listener.get(), places->ai_addr, places->ai_addrlen) != 0 || ::listen(listener.get(), 128) != 0) {
        if (errno == EADDRINUSE)
            return Error{ErrorCode::Conflict,
                         "Cannot listen on \"" + address.hostAndPort() + "\": another program listens there, expected a free port.",
                         "Stop the other program or choose another port; 0 takes a free one."};
        if (errno == EADDRNOTAVAIL)
            return Error{ErrorCode::InvalidInput,
                         "Cannot listen on \"" + address.hostAndPort() + "\": this machine has no such address, expected one of its own.",
                         "0.0.0.0 means all of them, 127.0.0.1 only this machine."};
        return ioError("listen on", address.hostAndPort(), errno);
    }
    acceptor->m_port = boundPort(listener.get());
    acceptor->m_listener = std::move(listener);
    acceptor->m_options = std::move(options);
    acceptor->m_thread = std::thread([raw = acceptor.get()] { raw->acceptLoop(); });
    return acceptor;
}

TcpAcceptor::~TcpAcceptor() { stop(); }

void TcpAcceptor::stop()
{
    if (!m_thread.joinable()) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_wake.get(), &one, sizeof(one));
    m_thread.join();
    m_listener = FileDescriptor();
}

void TcpAcceptor::acceptLoop()
{
    double tickedAt = monotonicSeconds();
    for (;;) {
        pollfd waits[2] = {{m_listener.get(), POLLIN, 0}, {m_wake.get(), POLLIN, 0}};
        if (::poll(waits, 2, kTickMs) < 0) {
            if (errno != EINTR) ::usleep(50'000);
            continue;
        }
        if (waits[1].revents != 0) return;
        if (waits[0].revents != 0) acceptOne();
        if (const double now = monotonicSeconds(); m_options.onTick && now - tickedAt >= kTickMs * 1e-3) {
            tickedAt = now;
            m_options.onTick();
        }
    }
}

bool TcpAcceptor::mayCome(const std::string &address)
{
    const double now = monotonicSeconds();
    if (m_visits.size() >= kMostAddresses)
        std::erase_if(m_visits, [now](const auto &visit) { return now - visit.second.since > kWindow; });
    if (m_visits.size() >= kMostAddresses && !m_visits.contains(address)) return false;
    Visits &visits = m_visits[address];
    if (visits.count == 0 || now - visits.since > kWindow) {
        visits = {0, now};
        logInfo("Connections over TCP from " + address);
    }
    if (++visits.count == m_options.maxPerAddress + 1)
        logWarning("Turned away: more than " + std::to_string(m_options.maxPerAddress) + " connections a minute from " + address);
    return visits.count <= m_options.maxPerAddress;
}

void TcpAcceptor::acceptOne()
{
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    FileDescriptor connection(
        ::accept4(m_listener.get(), reinterpret_cast<sockaddr *>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.isOpen()) {
        if (errno == EMFILE || errno == ENFILE) {
            // The peer sees a connection that closes at once instead of one that hangs in the backlog.
            ++m_numTurnedAway;
            m_reserve = FileDescriptor();
            connection = FileDescriptor(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            connection = FileDescriptor();
            m_reserve = openReserve();
            if (!m_reserve.isOpen()) ::usleep(50'000);
        } else if (errno == ENOBUFS || errno == ENOMEM) {
            ::usleep(50'000);
        }
        return;
    }
    if (isAmongTheLast(connection.get()) || !mayCome(nameOf(peer, size))) {
        ++m_numTurnedAway;
        return;
    }
    const int on = 1;
    ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ++m_numAccepted;
    m_options.onConnection(connection.release());
}

} // namespace orrery
