// SPDX-License-Identifier: Apache-2.0
// host: serves this user's runs, to this machine and, with --listen, to others; and who may come in.
#include "app/engine/commands/command_runs.h"
#include "app/engine/host/host.h"

#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/tls_identity.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace orrery::cli {

namespace {

AccessTokens tokensFile() { return AccessTokens(hostRemoteFolder(userDataDir()) / "tokens.json"); }

std::string ageText(double when) { return when <= 0 ? "never" : formatDuration(std::max(0.0, wallSeconds() - when)) + " ago"; }

/// "never", "in 29 d", "2 d ago: it lets nobody in"
std::string endText(const TokenInfo &info)
{
    if (info.expiresAt <= 0) return "never";
    const double left = info.expiresAt - wallSeconds();
    return left > 0 ? "in " + formatDuration(left) : formatDuration(-left) + " ago: it lets nobody in";
}

int createToken(const Session &session, const std::string &name, const std::string &expires)
{
    double lifetime = 0;
    if (!expires.empty()) {
        const auto span = parseTimeSpan("--expires", expires);
        if (!span) return fail(session, span.error());
        lifetime = *span;
    }
    AccessTokens tokens = tokensFile();
    const auto token = tokens.create(name, lifetime);
    if (!token) return fail(session, token.error());
    if (session.json) {
        nlohmann::json json = {{"token", name}, {"secret", *token}};
        if (lifetime > 0) json["expires_at"] = wallSeconds() + lifetime;
        printJson(json);
        return kExitOk;
    }
    std::printf("%s\n", token->c_str());
    std::fprintf(stderr,
                 "This is token \"%s\". It is shown this once: put it into the connection on the other machine.\n"
                 "Who has it can do what you can do with Orrery here, files of this machine included.\n",
                 name.c_str());
    return kExitOk;
}

int listTokens(const Session &session)
{
    AccessTokens tokens = tokensFile();
    const auto infos = tokens.list();
    if (!infos) return fail(session, infos.error());
    for (const TokenInfo &info : *infos) {
        if (session.json)
            printJson({{"token", info.name}, {"created_at", info.createdAt}, {"last_used_at", info.lastUsedAt}, {"expires_at", info.expiresAt}, {"expired", info.isExpired(wallSeconds())}});
        else
            std::printf("%-24s made %-16s used %-16s ends %s\n", info.name.c_str(), ageText(info.createdAt).c_str(), ageText(info.lastUsedAt).c_str(),
                        endText(info).c_str());
    }
    if (infos->empty() && !session.json) std::printf("No tokens: nobody can come in. Make one: orrery-engine host token create NAME\n");
    return kExitOk;
}

int revokeToken(const Session &session, const std::string &name)
{
    AccessTokens tokens = tokensFile();
    if (const auto revoked = tokens.revoke(name); !revoked) return fail(session, revoked.error());
    if (session.json)
        printJson({{"event", "done"}, {"revoked", name}});
    else
        std::printf("revoked %s; who uses it is out now\n", name.c_str());
    return kExitOk;
}

int showCertificate(const Session &session)
{
    const auto identity = loadOrMakeIdentity(hostRemoteFolder(userDataDir()));
    if (!identity) return fail(session, identity.error());
    if (session.json)
        printJson({{"fingerprint", identity->fingerprint}, {"certificate", identity->certificatePem}});
    else
        std::printf("%s\n", identity->fingerprint.c_str());
    return kExitOk;
}

void addTokens(CLI::App &host, Session &session)
{
    static std::string name, expires;
    auto *command = host.add_subcommand("token", "Who may come in over --listen");
    command->require_subcommand(1);
    auto *createCommand = command->add_subcommand("create", "Make a token; it is shown once");
    createCommand->add_option("name", name, "Who will use it, for example laptop")->required();
    createCommand->add_option("--expires", expires, "How long it lets in: 30d, 12h, 45m, 10s; not given: until it is revoked");
    finish(createCommand, session, [&session] { return createToken(session, name, expires); });
    finish(command->add_subcommand("list", "Names, when they were made and last used"), session, [&session] { return listTokens(session); });
    auto *revokeCommand = command->add_subcommand("revoke", "Shut out who uses a token, at once");
    revokeCommand->add_option("name", name, "Its name")->required();
    finish(revokeCommand, session, [&session] { return revokeToken(session, name); });
    finish(host.add_subcommand("certificate", "The fingerprint of this host's certificate, to be compared by those who connect"), session,
           [&session] { return showCertificate(session); });
}

void sayPort(const Session &session, const HostListen &listen, uint16_t port, const std::string &fingerprint)
{
    AccessTokens tokens = tokensFile();
    const auto infos = tokens.list();
    const auto isValid = [](const TokenInfo &info) { return !info.isExpired(wallSeconds()); };
    const size_t numTokens = infos.ok() ? static_cast<size_t>(std::count_if(infos->begin(), infos->end(), isValid)) : 0;
    if (session.json) {
        printJson({{"event", "listening"}, {"address", listen.address}, {"port", port}, {"fingerprint", fingerprint}, {"tokens", numTokens}});
        std::fflush(stdout);
        return;
    }
    std::fprintf(stderr, "listening on %s, port %u, %s\n", listen.address.c_str(), static_cast<unsigned>(port),
                 fingerprint.empty() ? "without TLS: this machine only" : "with TLS");
    if (!fingerprint.empty()) std::fprintf(stderr, "certificate   %s\n", fingerprint.c_str());
    if (numTokens == 0) std::fprintf(stderr, "There is no valid token, so nobody can come in yet. Make one: orrery-engine host token create NAME\n");
}

} // namespace

void addHost(CLI::App &app, Session &session)
{
    static HostOptions options;
    static bool isBackground = false;
    auto *command = app.add_subcommand("host", "Serve this user's runs and models to windows and clients");
    command->require_subcommand(0, 1);
    command->add_option("--socket", options.socketPath, "Unix socket (default: in the user's runtime folder)");
    command->add_option("--idle-exit", options.idleExitSeconds, "End after this many idle seconds; 0: never")->capture_default_str();
    command->add_flag("--background", isBackground, "Started by a window: say nothing on the terminal");
    auto *listen = command->add_option("--listen", options.listen.address,
                                       "HOST:PORT for other machines, over TLS and with a token; port 0 takes a free one");
    command->add_option("--tls-cert", options.listen.certificate, "Certificate, PEM (default: one of its own, made the first time)")->needs(listen);
    command->add_option("--tls-key", options.listen.key, "Its key, PEM, mode 0600")->needs(listen);
    command->add_flag("--plain", options.listen.isPlain, "No TLS: on a loopback address only, and with a token all the same")->needs(listen);
    addPluginFolders(command);
    addTokens(*command, session);
    const auto serve = [&session] {
        options.home = userDataDir();
        if (!isBackground && !session.json) std::fprintf(stderr, "serving %s\n", options.home.c_str());
        options.onPort = [&session](uint16_t port, const std::string &fingerprint) { sayPort(session, options.listen, port, fingerprint); };
        if (auto served = runHost(options); !served) return fail(session, served.error());
        return kExitOk;
    };
    finish(command, session, serve);
    // CLI11 calls this after the callback of a subcommand, which then is what was meant.
    command->callback([&session, command, serve] {
        if (command->get_subcommands().empty()) session.action = serve;
    });
}

} // namespace orrery::cli
