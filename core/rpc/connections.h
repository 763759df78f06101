// SPDX-License-Identifier: Apache-2.0
// The hosts that this user connects to, by name: kept in a file of mode 0600, because their tokens stand in it. Shared by the
// window and the command line; each call reads the file anew. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/rpc/host_connection.h"
#include "core/rpc/remote_target.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

inline constexpr size_t kMaxConnections = 500;
inline constexpr size_t kMaxConnectionName = 64;

/// Either an address (with token and fingerprint) or a socket that ssh forwards.
struct Connection {
    std::string name;
    std::string address;
    std::string fingerprint;
    std::string token;
    std::string socketPath;
    std::string sshTarget; ///< user@machine, for the command that forwards the socket

    [[nodiscard]] bool isSocket() const { return !socketPath.empty(); }
};

/// What is wrong with it, if anything. @error InvalidInput: name, address, token, fingerprint or path
Result<void> checkConnection(const Connection &connection);
/// ssh -N -L …: what makes the other machine's socket appear at socketPath. @param remoteSocket as its host says
std::string sshForwardCommand(const Connection &connection, const std::string &remoteSocket = {});
HostConnectOptions connectOptionsFor(const Connection &connection);

class ConnectionBook {
public:
    /// @param file empty: userStateDir()/connections.json; need not be there yet
    explicit ConnectionBook(std::filesystem::path file = {});

    /// As they were added. @error Conflict (others can read the file), InvalidInput (damaged, or of a newer version), Io
    [[nodiscard]] Result<std::vector<Connection>> list() const;
    /// @error NotFound, and as list()
    [[nodiscard]] Result<Connection> find(const std::string &name) const;
    /// Adds it, or puts it in the place of the one called `replaces`.
    /// @error as checkConnection(); Conflict (the name is taken), NotFound (`replaces`), and as list()
    Result<void> put(const Connection &connection, const std::string &replaces = {});
    /// @return what was removed, so that it can be put back  @error as find()
    Result<Connection> remove(const std::string &name);

    /// "NAME" or "tcp://HOST:PORT" with the token that stands for it. An address that is in the book has its fingerprint
    /// from there. @param token as given (ORRERY_TOKEN); empty: the book's  @error as find(); InvalidInput
    [[nodiscard]] Result<Connection> resolve(const std::string &text, const std::string &token) const;

    [[nodiscard]] const std::filesystem::path &file() const { return m_file; }

private:
    Result<void> write(const std::vector<Connection> &connections) const;
    std::filesystem::path m_file;
};

} // namespace orrery
