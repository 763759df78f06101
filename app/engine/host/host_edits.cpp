// SPDX-License-Identifier: Apache-2.0
// What manages many runs: labels, undoing a delete and ending that, branches, notes, TensorBoard's files.
#include "app/engine/host/branch_run.h"
#include "app/engine/host/counted.h"
#include "app/engine/host/host_service.h"
#include "core/base/platform.h"
#include "core/data/data_paths.h"
#include "core/spec/field_table.h"
#include "core/store/run_labels.h"
#include "core/store/run_note.h"
#include "core/store/run_trash.h"
#include "core/store/tfevents.h"

#include <limits>

namespace orrery {

namespace {

constexpr double kTellEverySeconds = 0.1;

} // namespace

/// As it is listed: two runs may share an id.
RunStatus HostService::listed(const RunDirectory &run)
{
    for (const RunStatus &listed : m_monitor.refresh()->runs)
        if (listed.directory == run.path().string()) return listed;
    return run.status();
}

/// @param verb how it came to be, for the hint when it does not start
Result<RunStatus> HostService::startNew(const RunDirectory &run, const std::string &verb)
{
    Result<RunStatus> started = m_runs.start(run.path().string(), 0);
    if (started.ok()) {
        started->id = run.frozen().id;
        return started;
    }
    Error error = started.error();
    error.hint += (error.hint.empty() ? "" : " ") + ("The run was " + verb) + " as \"" + run.frozen().id +
                  "\" and can be started again.";
    return error;
}

Result<RunStatus> HostService::editRun(const std::string &run, const RunEdit &edit)
{
    ORRERY_ASSIGN(const RunDirectory directory, m_runs.open(run));
    // One that changes nothing writes nothing: it is how a window reads the notes.
    if (edit.name || edit.tags || edit.notes || edit.isArchived)
        ORRERY_TRY(editRunLabels(directory.path(), directory.frozen().id, edit));
    // By its path: it may have another name now.
    ORRERY_ASSIGN(RunStatus status, m_runs.status(directory.path().string()));
    if (!run.starts_with('/')) status.id = directory.frozen().id;
    return status;
}

Result<RunStatus> HostService::restoreRun(const std::string &run)
{
    ORRERY_ASSIGN(const RunDirectory restored, RunTrash(m_home).restore(run, m_catalogue));
    return listed(restored);
}

Result<RunStatus> HostService::branchRun(const BranchRequest &request)
{
    ORRERY_ASSIGN(const RunDirectory parent, m_runs.open(request.run));
    ORRERY_TRY(requireAbsolute(request.directory, "its folder", "branch run \"" + parent.frozen().id + "\""));
    BranchPlan plan;
    plan.step = request.step;
    plan.directory = request.directory;
    plan.change = [&](SpecBuilder &builder) -> Result<void> {
        if (!request.changesJson.empty()) ORRERY_TRY(builder.setJson(request.changesJson));
        const std::string path = builder.preview().data.path;
        if (isGeneratorPath(path)) return {};
        return requireAbsolute(path, "data.path", "branch run \"" + parent.frozen().id + "\"");
    };
    ORRERY_ASSIGN(const RunDirectory branch, orrery::branchRun(m_catalogue, parent, plan));
    return request.start ? startNew(branch, "branched") : listed(branch);
}

Result<void> HostService::annotate(const std::string &run, const RunNote &note) { return m_runs.annotate(run, note); }

Result<std::vector<DeletedRun>> HostService::listTrash()
{
    std::vector<DeletedRun> runs;
    for (const TrashEntry &entry : RunTrash(m_home).list()) runs.push_back(entry.told());
    return runs;
}

Result<std::vector<DeletedRun>> HostService::emptyTrash(const TrashChoice &choice, const StreamSink &caller)
{
    if (!(choice.olderThan >= 0))
        return Error{ErrorCode::InvalidInput,
                     "Cannot empty the trash: the age is " + std::to_string(choice.olderThan) + " s, expected 0 or more.",
                     "Leave it out to delete all that is there."};
    const Counted counted(m_numTransfers);
    const RunTrash trash(m_home);
    const auto isCancelled = [&caller] { return caller.isCancelled(); };
    const double before =
        choice.olderThan > 0 ? wallSeconds() - choice.olderThan : std::numeric_limits<double>::infinity();
    ORRERY_ASSIGN(const std::vector<TrashEntry> gone,
                  choice.isWhole ? trash.empty(before, isCancelled) : trash.remove(choice.entries, isCancelled));
    std::vector<DeletedRun> runs;
    for (const TrashEntry &entry : gone) runs.push_back(entry.told());
    return runs;
}

Result<ImportReply> HostService::importRuns(const std::string &path, const StreamSink &caller,
                                            const std::function<void(const TransferAmount &)> &onAmount)
{
    ORRERY_TRY(requireAbsolute(path, "its folder", "import a log directory"));
    const Counted counted(m_numTransfers);
    const auto watch = [&, toldAt = -1.0](const TransferProgress &progress) mutable {
        const double now = monotonicSeconds();
        if (onAmount && now - toldAt >= kTellEverySeconds) {
            onAmount({progress.numBytesRead, progress.numBytes});
            toldAt = now;
        }
        return !caller.isCancelled();
    };
    ORRERY_ASSIGN(ImportedLog imported, importTfevents(m_catalogue, m_home, path, watch));
    for (const auto &[kind, number] : imported.numNotImported)
        imported.notes.insert(imported.notes.begin(),
                              "Not imported: " + std::to_string(number) + " " + kind + ".");
    return ImportReply{std::move(imported.runs), imported.numPoints, imported.numSkipped,
                       std::move(imported.notes)};
}

Result<void> HostService::exportRun(const std::string &run, const std::string &directory,
                                    const StreamSink &caller)
{
    ORRERY_ASSIGN(const RunDirectory source, m_runs.open(run));
    ORRERY_TRY(requireAbsolute(directory, "its folder", "export run \"" + source.frozen().id + "\""));
    const Counted counted(m_numTransfers);
    const auto watch = [&caller](const TransferProgress &) { return !caller.isCancelled(); };
    ORRERY_TRY(exportTfevents(source, directory, watch));
    return {};
}

Result<void> HostRuns::annotate(const std::string &run, const RunNote &note)
{
    ORRERY_ASSIGN(const RunDirectory directory, open(run));
    ORRERY_TRY(checkNote(note, directory.frozen().id));
    if (!directory.isOwned()) {
        ORRERY_TRY(addNote(directory, note));
        const std::lock_guard lock(m_mutex);
        ++m_numNotes[directory.path()];
        return {};
    }
    ORRERY_TRY(checkReplacedNote(directory, note));
    // The worker alone writes while it lives.
    ORRERY_TRY(control(run, {ControlVerb::Set, 1, {kNoteKey, noteValue(note)}}));
    return {};
}

} // namespace orrery
