// SPDX-License-Identifier: Apache-2.0
// A host without runs, in a process of its own: small_server SOCKET [descriptors]. Ends when its standard
// input does, or after a minute.
#include "core/base/program_build.h"
#include "core/rpc/protocol_version.h"
#include "core/rpc/rpc_server.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace orrery;

namespace {

class EmptyHost final : public HostBackend {
public:
    Result<HostDescription> describe() override
    {
        HostDescription description;
        description.version = "small";
        description.pid = ::getpid();
        description.program = m_program.string();
        description.build = m_build;
        // "2.0": a host of another protocol; "0.0": one from before it was told.
        const char *protocol = std::getenv("ORRERY_SMALL_SERVER_PROTOCOL");
        description.protocolMajor = protocol ? static_cast<uint32_t>(std::atoi(protocol)) : kProtocolMajor;
        description.protocolMinor = protocol ? static_cast<uint32_t>(std::atoi(std::strchr(protocol, '.') + 1)) : kProtocolMinor;
        return description;
    }
    Result<std::vector<RunStatus>> listRuns() override { return std::vector<RunStatus>{}; }
    Result<void> watchRuns(RunListSink &sink) override
    {
        while (!sink.isCancelled()) ::usleep(10'000);
        return {};
    }
    Result<RunStatus> createRun(const NewRunRequest &, const StreamSink &) override { return refused(); }
    Result<std::string> modelSettings(const std::string &, const StreamSink &) override { return refused(); }
    Result<ModelExportSummary> exportModel(const ModelExportRequest &, ModelExportSink &) override { return refused(); }
    Result<ModelConsolidationSummary> consolidate(const ModelConsolidationRequest &, ConsolidationSink &) override { return refused(); }
    Result<RunStatus> startRun(const std::string &, int64_t) override { return refused(); }
    Result<RunStatus> addRun(const std::string &) override { return refused(); }
    Result<void> deleteRun(const std::string &) override { return refused(); }
    Result<RunStatus> editRun(const std::string &, const RunEdit &) override { return refused(); }
    Result<RunStatus> restoreRun(const std::string &) override { return refused(); }
    Result<RunStatus> branchRun(const BranchRequest &) override { return refused(); }
    Result<void> annotate(const std::string &, const RunNote &) override { return refused(); }
    Result<std::vector<DeletedRun>> listTrash() override { return refused(); }
    Result<std::vector<DeletedRun>> emptyTrash(const TrashChoice &, const StreamSink &) override { return refused(); }
    Result<ImportReply> importRuns(const std::string &, const StreamSink &, const std::function<void(const TransferAmount &)> &) override
    {
        return refused();
    }
    Result<void> exportRun(const std::string &, const std::string &, const StreamSink &) override
    {
        return refused();
    }
    Result<PluginListing> listPlugins() override { return refused(); }
    Result<std::string> describeData(const DataRequest &, const StreamSink &) override { return refused(); }
    Result<void> retire() override
    {
        if (std::getenv("ORRERY_SMALL_SERVER_BUSY")) return refused();
        isRetired = true;
        return {};
    }

    std::atomic<bool> isRetired{false};

private:
    const std::filesystem::path m_program = programPath(); ///< as it was started; a test may replace the file
    const std::string m_build = programBuild(m_program).value();
    static Error refused()
    {
        return {ErrorCode::Conflict, "Cannot do it: there is nothing here.", "Ask a real host."};
    }
};

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    if (argc > 2) {
        const rlim_t count = static_cast<rlim_t>(std::atoi(argv[2]));
        const rlimit limit{count, count};
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 4;
    }
    EmptyHost host;
    RpcServerOptions options;
    options.socketPath = argv[1];
    options.host = &host;
    const auto server = RpcServer::start(options);
    if (!server.ok()) {
        ::dprintf(2, "%s\n", server.error().text().c_str());
        return 4;
    }
    // From /dev/null (as a host in the background has it) the end comes at once: then the minute counts.
    char byte = 0;
    const bool hasParent = ::isatty(0) == 0 && std::getenv("ORRERY_SMALL_SERVER_PIPE") != nullptr;
    if (hasParent)
        while (::read(0, &byte, 1) > 0) {
        }
    else
        for (int waited = 0; waited < 60'000 && !host.isRetired; waited += 10) ::poll(nullptr, 0, 10);
    return 0;
}
