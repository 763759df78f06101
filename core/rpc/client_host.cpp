// SPDX-License-Identifier: Apache-2.0
// What a client asks a host.
#include "core/rpc/client_calls.h"

#include <optional>

namespace orrery {

namespace {

constexpr auto kStartDeadline = std::chrono::seconds(60);

} // namespace

Result<HostDescription> EngineClient::host() const
{
    v1::HostInfo reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::GetHost, v1::Empty(), reply,
                             m_impl->deadline(), "ask the engine at", m_impl->socketPath));
    return fromMessage(reply);
}

Result<double> EngineClient::ping() const
{
    m_impl->wantQuick();
    const auto begin = std::chrono::steady_clock::now();
    v1::Empty reply;
    const Result<void> answered = m_impl->unary(m_impl->quickHost(), &v1::HostService::Stub::Ping, v1::Empty(), reply,
                                                m_impl->deadline(), "ask the engine at", m_impl->socketPath);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (answered.ok()) return seconds;
    // One that does not offer it, or has no thread for it now, has said so, which took a round trip, too.
    if (isNotOffered(answered.error()) || isTooBusy(answered.error())) return seconds;
    return answered.error();
}

Result<std::vector<RunStatus>> EngineClient::listRuns() const
{
    v1::RunList reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ListRuns, v1::Empty(), reply,
                             m_impl->deadline(), "list the runs of", m_impl->socketPath));
    return fromMessage(reply);
}

Result<void> EngineClient::watchRuns(const std::function<bool(const std::vector<RunStatus> &)> &onList,
                                     const CancelToken &token) const
{
    return m_impl->stream<v1::HostService::Stub, v1::Empty, v1::RunList>(
        *m_impl->host, &v1::HostService::Stub::PrepareAsyncWatchRuns, v1::Empty(),
        [&](const v1::RunList &list) { return onList(fromMessage(list)); }, {}, "watch the runs of",
        m_impl->socketPath, token);
}

Result<RunStatus> EngineClient::createRun(const NewRunRequest &request, const CancelToken &token) const
{
    v1::CreateRunRequest message;
    message.set_spec_json(wire::utf8(request.specJson));
    message.set_directory(wire::utf8(request.directory));
    message.set_start(request.start);
    message.set_model(wire::utf8(request.model));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::CreateRun, message, reply,
                             request.model.empty() ? Milliseconds(kStartDeadline) : Milliseconds(0), "create a run in",
                             request.directory.empty() ? "the user's runs" : request.directory, &token));
    return fromMessage(reply);
}

Result<std::string> EngineClient::modelSettings(const std::string &model, const CancelToken &token) const
{
    v1::ModelRef request;
    request.set_model(wire::utf8(model));
    v1::SpecReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::GetModelSettings, request, reply, Milliseconds(0),
                             "read the settings of", model, &token));
    return reply.json();
}

Result<ModelExportSummary> EngineClient::exportModel(const ModelExportRequest &request,
                                                     const std::function<void(const TransferAmount &)> &onAmount,
                                                     const CancelToken &token) const
{
    v1::ModelExportQuery message;
    toMessage(request, message);
    std::optional<ModelExportSummary> summary;
    ORRERY_TRY((m_impl->stream<v1::HostService::Stub, v1::ModelExportQuery, v1::ModelExportUpdate>(
        *m_impl->host, &v1::HostService::Stub::PrepareAsyncExportModel, message,
        [&](const v1::ModelExportUpdate &update) {
            if (update.has_done()) summary = fromMessage(update.done());
            if (update.has_amount() && onAmount) onAmount(fromMessage(update.amount()));
            return true;
        },
        {}, "export", request.model, token)));
    if (summary) return *summary;
    return Error{ErrorCode::Internal, "Cannot export \"" + request.model + "\": the engine did not say what it wrote.",
                 "Look into the folder; please report it with the engine's log."};
}

Result<ModelConsolidationSummary>
EngineClient::consolidate(const ModelConsolidationRequest &request,
                          const std::function<void(const ConsolidationAmount &)> &onAmount, const CancelToken &token) const
{
    v1::ConsolidateQuery message;
    toMessage(request, message);
    std::optional<ModelConsolidationSummary> summary;
    ORRERY_TRY((m_impl->stream<v1::HostService::Stub, v1::ConsolidateQuery, v1::ConsolidateUpdate>(
        *m_impl->host, &v1::HostService::Stub::PrepareAsyncConsolidate, message,
        [&](const v1::ConsolidateUpdate &update) {
            if (update.has_done()) summary = fromMessage(update.done());
            if (update.has_amount() && onAmount) onAmount(fromMessage(update.amount()));
            return true;
        },
        {}, "consolidate the memory of", request.model, token)));
    if (summary) return *summary;
    return Error{ErrorCode::Internal,
                 "Cannot consolidate the memory of \"" + request.model + "\": the engine did not say what was learned.",
                 "Look into the folder; please report it with the engine's log."};
}

Result<RunStatus> EngineClient::startRun(const std::string &run, int64_t steps) const
{
    v1::ResumeRunRequest request;
    request.set_run(wire::utf8(run));
    request.set_steps(steps);
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(m_impl->quickHost(), &v1::HostService::Stub::StartRun, request, reply, kStartDeadline,
                             "start run", run));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::addRun(const std::string &path) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(path));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::AddRun, request, reply,
                             m_impl->deadline(), "add run", path));
    return fromMessage(reply);
}

Result<void> EngineClient::deleteRun(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::DeleteRun, request, reply, kStartDeadline,
                         "delete run", run);
}

Result<RunStatus> EngineClient::editRun(const std::string &run, const RunEdit &edit) const
{
    v1::EditRunRequest request;
    toMessage(edit, request);
    request.set_run(wire::utf8(run));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(m_impl->quickHost(), &v1::HostService::Stub::EditRun, request, reply, m_impl->deadline(),
                             "edit run", run));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::restoreRun(const std::string &run) const
{
    v1::RunRef request;
    request.set_run(wire::utf8(run));
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::RestoreRun, request, reply, kStartDeadline,
                             "restore run", run));
    return fromMessage(reply);
}

Result<RunStatus> EngineClient::branchRun(const BranchRequest &branch) const
{
    v1::BranchRunRequest request;
    request.set_run(wire::utf8(branch.run));
    request.set_step(branch.step);
    request.set_changes_json(wire::utf8(branch.changesJson));
    request.set_directory(wire::utf8(branch.directory));
    request.set_start(branch.start);
    v1::RunStatusMessage reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::BranchRun, request, reply, kStartDeadline,
                             "branch run", branch.run));
    return fromMessage(reply);
}

Result<void> EngineClient::annotate(const std::string &run, int64_t step, const std::string &text) const
{
    v1::AnnotateRequest request;
    request.set_run(wire::utf8(run));
    request.set_step(step);
    request.set_text(wire::utf8(text));
    v1::Empty reply;
    return m_impl->unary(m_impl->quickHost(), &v1::HostService::Stub::Annotate, request, reply, m_impl->deadline(),
                         "annotate run", run);
}

Result<void> EngineClient::replaceNote(const std::string &run, const RunNote &note) const
{
    v1::ReplaceNoteRequest request;
    request.set_run(wire::utf8(run));
    request.set_note(note.replaces);
    request.set_step(note.step);
    request.set_text(wire::utf8(note.text));
    v1::Empty reply;
    return m_impl->unary(m_impl->quickHost(), &v1::HostService::Stub::ReplaceNote, request, reply, m_impl->deadline(),
                         "correct a note of run", run);
}

Result<std::vector<DeletedRun>> EngineClient::listTrash() const
{
    v1::DeletedRunList reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ListTrash, v1::Empty(), reply, kStartDeadline,
                             "list the trash of", m_impl->socketPath));
    return fromMessage(reply);
}

Result<std::vector<DeletedRun>> EngineClient::emptyTrash(const TrashChoice &choice, const CancelToken &token) const
{
    v1::EmptyTrashRequest request;
    toMessage(choice, request);
    v1::DeletedRunList reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::EmptyTrash, request, reply, Milliseconds(0),
                             "empty the trash of", m_impl->socketPath, &token));
    return fromMessage(reply);
}

Result<ImportReply> EngineClient::importRuns(const std::string &path, const CancelToken &token,
                                             const std::function<void(const TransferAmount &)> &onAmount) const
{
    v1::ImportRunsRequest request;
    request.set_path(wire::utf8(path));
    std::optional<ImportReply> imported;
    const Result<void> watched = m_impl->stream<v1::HostService::Stub, v1::ImportRunsRequest, v1::ImportRunsUpdate>(
        *m_impl->host, &v1::HostService::Stub::PrepareAsyncImportRunsWatched, request,
        [&](const v1::ImportRunsUpdate &update) {
            if (update.has_done()) imported = fromMessage(update.done());
            if (update.has_amount() && onAmount) onAmount(fromMessage(update.amount()));
            return true;
        },
        {}, "import", path, token);
    if (watched.ok() && imported) return std::move(*imported);
    if (watched.ok())
        return Error{ErrorCode::Internal, "Cannot import \"" + path + "\": the engine did not say what it imported.",
                     "Look into the list of runs; please report it with the engine's log."};
    if (!isNotOffered(watched.error())) return watched.error();
    // An older host does the same and says nothing until it is done.
    v1::ImportRunsReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ImportRuns, request, reply, Milliseconds(0),
                             "import", path, &token));
    return fromMessage(reply);
}

Result<void> EngineClient::exportRun(const std::string &run, const std::string &directory,
                                     const CancelToken &token) const
{
    v1::ExportRunRequest request;
    request.set_run(wire::utf8(run));
    request.set_directory(wire::utf8(directory));
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::ExportRun, request, reply, Milliseconds(0),
                         "export run", run, &token);
}

Result<std::string> EngineClient::describeData(const DataRequest &request, const CancelToken &token) const
{
    v1::DescribeDataRequest message;
    toMessage(request, message);
    v1::DataDescriptionReply reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::DescribeData, message, reply,
                             Milliseconds(0), "describe data", request.path, &token));
    return reply.json();
}

Result<void> EngineClient::retire() const
{
    v1::Empty reply;
    return m_impl->unary(*m_impl->host, &v1::HostService::Stub::Retire, v1::Empty(), reply,
                         m_impl->deadline(), "replace the engine at", m_impl->socketPath);
}

Result<PluginListing> EngineClient::listPlugins() const
{
    v1::PluginList reply;
    ORRERY_TRY(m_impl->unary(*m_impl->host, &v1::HostService::Stub::ListPlugins, v1::Empty(), reply,
                             m_impl->deadline(), "list the plugins of", m_impl->socketPath));
    return fromMessage(reply);
}

} // namespace orrery
