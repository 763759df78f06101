// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/host_connection.h"

#include "core/base/child_process.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/rpc/unix_server.h"

#include <thread>

namespace orrery {

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kLastWordsBytes = 600;
constexpr auto kConnectTimeout = std::chrono::seconds(2);

std::string lastWords(const std::filesystem::path &file)
{
    const Result<std::string> text = readFile(file, 16 << 20);
    if (!text || text->empty()) return "It said nothing; run it in a terminal to see why.";
    const size_t begin = text->size() > kLastWordsBytes ? text->size() - kLastWordsBytes : 0;
    return "It said: " + sanitizeUtf8(text->substr(begin));
}

} // namespace

Result<std::string> hostSocketPath()
{
    ORRERY_ASSIGN(const std::filesystem::path folder, runtimeDir());
    return (folder / "host.sock").string();
}

Result<EngineClient> connectToHost(const std::string &socketPath)
{
    std::string path = socketPath;
    if (path.empty()) {
        ORRERY_ASSIGN(path, hostSocketPath());
    }
    return EngineClient::connect(path);
}

Result<EngineClient> connectOrStartHost(const HostConnectOptions &options)
{
    std::string path = options.socketPath;
    if (path.empty()) {
        ORRERY_ASSIGN(path, hostSocketPath());
    }
    Result<EngineClient> first = EngineClient::connect(path, kConnectTimeout, options.token);
    if (first.ok() || first.error().code != ErrorCode::Unavailable) return first;

    ChildOptions child;
    child.program = options.engineProgram.empty() ? programDir() / "orrery-engine" : options.engineProgram;
    child.arguments = options.arguments;
    child.outputFile = std::filesystem::path(path).parent_path() / "host.out";
    child.parent = ChildParent::Init;
    ORRERY_TRY(startInNewSession(child));
    // Somebody else may have started one meanwhile: then ours says Conflict and ends, and theirs answers.
    for (const auto until = Clock::now() + options.wait; Clock::now() < until;) {
        if (options.token.isCancelled())
            return Error{ErrorCode::Cancelled,
                         "Cannot connect to a host at \"" + path + "\": the attempt was cancelled.",
                         "Connect again."};
        if (probeSocket(path) == SocketProbe::Listening) {
            Result<EngineClient> client = EngineClient::connect(path, kConnectTimeout, options.token);
            if (client.ok()) return client;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return Error{ErrorCode::Unavailable,
                 "Cannot connect to a host at \"" + path +
                     "\": the one that was started did not listen within " +
                     formatDuration(std::chrono::duration<double>(options.wait).count()) + ".",
                 lastWords(child.outputFile)};
}

} // namespace orrery
