// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the meta object of the interface. Qt 6 takes the values of its signals through queued connections and
// QSignalSpy without registration, because every signal names its types in full.
#include "widgets/session/engine_session.h"

#include <QTimer>

namespace orrery::ui {
namespace {

/// As every answer: later, and only while the context lives.
template <typename T> void refuse(const char *what, QObject *context, Reply<T> reply)
{
    const std::string text = std::string("Cannot ") + what + ": this engine does not know how.";
    QTimer::singleShot(0, context, [text, reply = std::move(reply)] {
        reply(Error{ErrorCode::Unavailable, text, "Update the engine, or connect to a newer one."});
    });
}

template <typename T>
std::unique_ptr<PendingRequest> refuseRequest(const char *what, QObject *context, Reply<T> reply)
{
    refuse<T>(what, context, std::move(reply));
    return std::make_unique<PendingRequest>();
}

} // namespace

void EngineSession::editRun(const QString &, const RunEdit &, QObject *context, Reply<RunStatus> reply)
{
    refuse("edit the run", context, std::move(reply));
}

void EngineSession::restoreRun(const QString &, QObject *context, Reply<RunStatus> reply)
{
    refuse("restore the run", context, std::move(reply));
}

void EngineSession::branchRun(const QString &, qint64, const QString &, bool, QObject *context,
                              Reply<RunStatus> reply)
{
    refuse("branch the run", context, std::move(reply));
}

void EngineSession::annotate(const QString &, qint64, const QString &, QObject *context, Reply<void> reply)
{
    refuse("annotate the run", context, std::move(reply));
}

void EngineSession::replaceNote(const QString &, qint64, qint64, const QString &, QObject *context, Reply<void> reply)
{
    refuse("correct the note", context, std::move(reply));
}

void EngineSession::listTrash(QObject *context, Reply<std::vector<DeletedRun>> reply)
{
    refuse("list the trash", context, std::move(reply));
}

void EngineSession::emptyTrash(const TrashChoice &, QObject *context, Reply<std::vector<DeletedRun>> reply)
{
    refuse("empty the trash", context, std::move(reply));
}

std::unique_ptr<PendingRequest>
EngineSession::importRunsWatched(const QString &path, QObject *context, std::function<void(const TransferAmount &)>,
                                 Reply<ImportedRuns> reply)
{
    return importRuns(path, context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::importRuns(const QString &, QObject *context,
                                                          Reply<ImportedRuns> reply)
{
    return refuseRequest("import runs", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::exportRun(const QString &, const QString &, QObject *context,
                                                         Reply<void> reply)
{
    return refuseRequest("export the run", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::tokenize(const QString &, const QByteArray &, QObject *context,
                                                        Reply<std::vector<TokenPiece>> reply)
{
    return refuseRequest("show tokens", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::modelSettings(const QString &, QObject *context, Reply<QString> reply)
{
    return refuseRequest("read the settings of a model", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::createRunFrom(const QString &, const QString &, bool, QObject *context,
                                                             Reply<RunStatus> reply)
{
    return refuseRequest("begin a run with a model", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::exportModel(const ModelExportRequest &, QObject *context,
                                                           std::function<void(const TransferAmount &)>,
                                                           Reply<ModelExportSummary> reply)
{
    return refuseRequest("export a model", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::consolidate(const ModelConsolidationRequest &, QObject *context,
                                                           std::function<void(const ConsolidationAmount &)>,
                                                           Reply<ModelConsolidationSummary> reply)
{
    return refuseRequest("consolidate a memory", context, std::move(reply));
}

std::unique_ptr<PendingRequest> EngineSession::inspectWatched(const QString &model, const InspectRequest &request,
                                                              QObject *context,
                                                              std::function<void(const InspectAmount &)>,
                                                              Reply<InspectReport> reply)
{
    return inspect(model, request, context, std::move(reply));
}

} // namespace orrery::ui

#include "moc_engine_session.cpp"
