// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/connections.h"

#include "core/base/lock_file.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/rpc/private_file.h"
#include "core/rpc/tls_identity.h"
#include "core/rpc/unix_server.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace orrery {

namespace {

constexpr uint64_t kMaxFileBytes = 4 << 20;
constexpr int kFormat = 1;
constexpr size_t kMaxSshTarget = 255;

Error refused(const Connection &connection, const std::string &found, const std::string &hint)
{
    return {ErrorCode::InvalidInput, "Cannot keep connection \"" + sanitizeUtf8(connection.name) + "\": " + found + ".", hint};
}

Result<void> checkName(const Connection &connection)
{
    const std::string &name = connection.name;
    const char *hint = "Name it after the machine, for example lab.";
    if (name.empty() || name.size() > kMaxConnectionName)
        return refused(connection, "its name has " + std::to_string(name.size()) + " bytes, expected 1 to " + std::to_string(kMaxConnectionName), hint);
    if (!isValidUtf8(name) || name.find("://") != std::string::npos || name.front() == ' ' || name.back() == ' ' ||
        std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
        return refused(connection, "its name has control characters, \"://\", or a space at an end, expected a plain name", hint);
    if (name == "local") return refused(connection, "\"local\" means this machine, expected another name", hint);
    return {};
}

Result<void> checkSsh(const Connection &connection)
{
    const std::string &target = connection.sshTarget;
    const bool isPlain = std::all_of(target.begin(), target.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("@.-_:[]%").find(c) != std::string_view::npos;
    });
    // One that begins with a dash would be read as an option of ssh.
    if (isPlain && !target.starts_with('-') && target.size() <= kMaxSshTarget) return {};
    return refused(connection, "\"" + sanitizeUtf8(target) + "\" is no machine for ssh, expected USER@MACHINE", "For example ada@gpu-server.");
}

Result<Connection> connectionFrom(const nlohmann::json &json)
{
    Connection connection;
    const std::pair<const char *, std::string *> fields[] = {
        {"name", &connection.name},         {"address", &connection.address}, {"fingerprint", &connection.fingerprint},
        {"token", &connection.token},       {"socket", &connection.socketPath}, {"ssh", &connection.sshTarget}};
    for (const auto &[key, value] : fields)
        if (json.contains(key)) {
            if (!json[key].is_string())
                return Error{ErrorCode::InvalidInput, std::string("an entry has a \"") + key + "\" that is not a text", {}};
            *value = json[key].get<std::string>();
        }
    return connection;
}

} // namespace

Result<void> checkConnection(const Connection &connection)
{
    ORRERY_TRY(checkName(connection));
    if (connection.isSocket() != connection.address.empty())
        return refused(connection, connection.isSocket() ? "it has an address and a socket, expected one of them" : "it has neither address nor socket",
                       "Give tcp://HOST:PORT, or the path of a socket that ssh forwards.");
    if (connection.isSocket()) {
        ORRERY_TRY(checkSocketPath(connection.socketPath));
        if (connection.socketPath.front() != '/')
            return refused(connection, "its socket is \"" + sanitizeUtf8(connection.socketPath) + "\", expected an absolute path",
                           "Write the whole path, from \"/\" on.");
        return checkSsh(connection);
    }
    ORRERY_ASSIGN(const TcpAddress address, parseTcpAddress(connection.address));
    if (address.port == 0) return refused(connection, "its port is 0, expected 1 to 65535", "The host prints its port when it starts.");
    ORRERY_TRY(checkTokenText(connection.token, connection.name));
    if (address.isPlain) return {};
    return parseFingerprint(connection.fingerprint).ok()
               ? Result<void>()
               : refused(connection, "the fingerprint of its certificate is \"" + sanitizeUtf8(connection.fingerprint.substr(0, 120)) +
                                         "\", expected the 64 hexadecimal digits that the host prints when it starts",
                         "Test the connection: it shows what the host has now, to be compared.");
}

std::string sshForwardCommand(const Connection &connection, const std::string &remoteSocket)
{
    const std::string machine = connection.sshTarget.empty() ? "USER@MACHINE" : connection.sshTarget;
    // The user's runtime folder there; the number of the user is asked of that machine.
    const std::string there = remoteSocket.empty() ? "/run/user/$(ssh " + machine + " id -u)/orrery/host.sock" : remoteSocket;
    return "ssh -N -o ExitOnForwardFailure=yes -o StreamLocalBindUnlink=yes -L \"" + connection.socketPath + ":" + there + "\" " + machine;
}

HostConnectOptions connectOptionsFor(const Connection &connection)
{
    HostConnectOptions options;
    options.mayStart = false;
    options.remote.name = connection.name; // alone it makes no remote host: that has an address
    if (connection.isSocket())
        options.socketPath = connection.socketPath;
    else
        options.remote = {connection.address, connection.token, connection.fingerprint, connection.name};
    return options;
}

ConnectionBook::ConnectionBook(std::filesystem::path file) : m_file(std::move(file))
{
    if (m_file.empty()) m_file = userStateDir() / "connections.json";
}

Result<std::vector<Connection>> ConnectionBook::list() const
{
    const Result<std::string> text = readPrivateFile(m_file, kMaxFileBytes);
    if (!text.ok()) {
        if (text.error().code == ErrorCode::NotFound) return std::vector<Connection>();
        return text.error();
    }
    const auto damaged = [this](const std::string &found) {
        return Error{ErrorCode::InvalidInput, "Cannot read the connections in \"" + m_file.string() + "\": " + found + ".",
                     "Mend the file or move it away; nothing was changed in it."};
    };
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (json.is_discarded() || !json.is_object() || !json.contains("connections") || !json["connections"].is_array())
        return damaged("it is not the JSON that was written");
    if (!json.contains("format") || json["format"] != kFormat)
        return damaged("its format is not " + std::to_string(kFormat) + "; a newer Orrery may have written it");
    std::vector<Connection> connections;
    for (const auto &one : json["connections"]) {
        if (!one.is_object()) return damaged("an entry is not an object");
        Result<Connection> connection = connectionFrom(one);
        if (!connection.ok()) return damaged(connection.error().message);
        connections.push_back(std::move(*connection));
    }
    return connections;
}

Result<Connection> ConnectionBook::find(const std::string &name) const
{
    ORRERY_ASSIGN(const std::vector<Connection> connections, list());
    std::vector<std::string> names;
    for (const Connection &connection : connections) {
        if (connection.name == name) return connection;
        names.push_back(connection.name);
    }
    const std::string near = nearestName(name, names);
    return Error{ErrorCode::NotFound,
                 "Cannot find connection \"" + sanitizeUtf8(name) + "\": " +
                     (names.empty() ? std::string("none is kept") : "expected one of " + joinText(names, ", ")) + ".",
                 near.empty() ? "Add it: orrery-engine connections add NAME tcp://HOST:PORT." : "Did you mean \"" + near + "\"?"};
}

Result<void> ConnectionBook::write(const std::vector<Connection> &connections) const
{
    nlohmann::json json = {{"format", kFormat}, {"connections", nlohmann::json::array()}};
    for (const Connection &connection : connections) {
        nlohmann::json one = {{"name", connection.name}};
        const std::pair<const char *, const std::string *> fields[] = {{"address", &connection.address},
                                                                       {"fingerprint", &connection.fingerprint},
                                                                       {"token", &connection.token},
                                                                       {"socket", &connection.socketPath},
                                                                       {"ssh", &connection.sshTarget}};
        for (const auto &[key, value] : fields)
            if (!value->empty()) one[key] = *value;
        json["connections"].push_back(std::move(one));
    }
    return writePrivateFile(m_file, json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

Result<void> ConnectionBook::put(const Connection &given, const std::string &replaces)
{
    ORRERY_TRY(checkConnection(given));
    Connection connection = given;
    if (!connection.isSocket()) {
        ORRERY_ASSIGN(const TcpAddress address, parseTcpAddress(connection.address));
        connection.address = address.text();
        if (address.isPlain) {
            connection.fingerprint.clear();
        } else {
            ORRERY_ASSIGN(connection.fingerprint, parseFingerprint(connection.fingerprint));
        }
    }
    ORRERY_TRY(makePrivateFolder(m_file.parent_path()));
    ORRERY_ASSIGN(const LockFile lock, LockFile::acquire(m_file.string() + ".lock", "a program that changes the connections"));
    ORRERY_ASSIGN(std::vector<Connection> connections, list());
    const auto called = [&connections](const std::string &name) {
        return std::find_if(connections.begin(), connections.end(), [&name](const Connection &one) { return one.name == name; });
    };
    if (!replaces.empty() && called(replaces) == connections.end())
        return Error{ErrorCode::NotFound, "Cannot change connection \"" + sanitizeUtf8(replaces) + "\": it is not there any more.",
                     "Add it anew."};
    if (connection.name != replaces && called(connection.name) != connections.end())
        return Error{ErrorCode::Conflict, "Cannot keep connection \"" + connection.name + "\": one of that name is there, expected a free name.",
                     "Take another name, or change the one that is there."};
    if (replaces.empty()) {
        if (connections.size() >= kMaxConnections)
            return Error{ErrorCode::Conflict,
                         "Cannot keep connection \"" + connection.name + "\": " + std::to_string(kMaxConnections) + " are there, expected fewer.",
                         "Remove those that nobody uses."};
        connections.push_back(connection);
    } else {
        *called(replaces) = connection;
    }
    return write(connections);
}

Result<Connection> ConnectionBook::remove(const std::string &name)
{
    ORRERY_TRY(makePrivateFolder(m_file.parent_path()));
    ORRERY_ASSIGN(const LockFile lock, LockFile::acquire(m_file.string() + ".lock", "a program that changes the connections"));
    ORRERY_ASSIGN(Connection removed, find(name));
    ORRERY_ASSIGN(std::vector<Connection> connections, list());
    std::erase_if(connections, [&name](const Connection &one) { return one.name == name; });
    ORRERY_TRY(write(connections));
    return removed;
}

Result<Connection> ConnectionBook::resolve(const std::string &text, const std::string &token) const
{
    Connection connection;
    if (text.find("://") == std::string::npos) {
        ORRERY_ASSIGN(connection, find(text));
    } else {
        ORRERY_ASSIGN(const TcpAddress address, parseTcpAddress(text));
        ORRERY_ASSIGN(const std::vector<Connection> known, list());
        connection.name = connection.address = address.text();
        for (const Connection &one : known)
            if (one.address == connection.address) connection = one;
    }
    if (!token.empty()) connection.token = token;
    return connection;
}

} // namespace orrery
