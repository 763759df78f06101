// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/tcp_connect.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>

namespace orrery {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTurn = std::chrono::milliseconds(20);

Error unreachable(const TcpAddress &address, const std::string &found)
{
    return {ErrorCode::Unavailable, "Cannot connect to the host at \"" + address.text() + "\": " + found + ", expected a host that listens.",
            "Look whether it runs there (orrery-engine host --listen) and whether a firewall or the network stands between."};
}

/// 0 when connected, else an errno; ETIMEDOUT and ECANCELED among them.
int connectOne(const FileDescriptor &socket, const addrinfo &place, Clock::time_point until,
               const std::function<bool()> &isCancelled)
{
    if (::connect(socket.get(), place.ai_addr, place.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!waitForSocket(socket.get(), POLLOUT, until, isCancelled))
        return isCancelled && isCancelled() ? ECANCELED : ETIMEDOUT;
    int problem = 0;
    socklen_t size = sizeof(problem);
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size) == 0 ? problem : errno;
}

} // namespace

bool waitForSocket(int descriptor, short events, Clock::time_point until, const std::function<bool()> &isCancelled)
{
    for (;;) {
        if (isCancelled && isCancelled()) return false;
        const auto now = Clock::now();
        if (now >= until) return false;
        const auto left = std::min(std::chrono::duration_cast<std::chrono::milliseconds>(until - now) +
                                       std::chrono::milliseconds(1),
                                   std::chrono::milliseconds(kTurn));
        pollfd waiting{descriptor, events, 0};
        if (::poll(&waiting, 1, static_cast<int>(left.count())) > 0) return true;
    }
}

Result<FileDescriptor> connectTcp(const TcpAddress &address, Clock::time_point until,
                                  const std::function<bool()> &isCancelled)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (const int problem = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
        problem != 0)
        return unreachable(address, "the name \"" + address.host + "\" is not known (" + ::gai_strerror(problem) + ")");
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> places(found, ::freeaddrinfo);
    int problem = EADDRNOTAVAIL;
    for (const addrinfo *place = places.get(); place; place = place->ai_next) {
        FileDescriptor socket(::socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!socket.isOpen()) {
            problem = errno;
            continue;
        }
        // One address that says nothing must leave some time for the next.
        const auto share = place->ai_next ? Clock::now() + (until - Clock::now()) / 2 : until;
        problem = connectOne(socket, *place, share, isCancelled);
        if (problem == 0) {
            const int on = 1;
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            return socket;
        }
        if (problem == ECANCELED)
            return Error{ErrorCode::Cancelled, "Cannot connect to the host at \"" + address.text() + "\": the attempt was cancelled.",
                         "Connect again."};
    }
    if (problem == ECONNREFUSED) return unreachable(address, "nobody listens there");
    if (problem == ETIMEDOUT) return unreachable(address, "it did not answer in time");
    return unreachable(address, std::generic_category().message(problem));
}

} // namespace orrery
