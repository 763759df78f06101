// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/transcript_saver.h"

#include "widgets/common/number_text.h"

#include <QFileInfo>
#include <QtConcurrentRun>

#include <new>
#include <utility>

namespace orrery::ui {
namespace {

Result<void> saveOnWorker(const std::function<Result<void>()> &work, const QString &path)
{
    try {
        return work();
    } catch (const std::bad_alloc &) { // the data of a long answer take a lot, and nothing is lost
        return Error{ErrorCode::OutOfMemory,
                     toStd(TranscriptSaver::tr("Cannot save the transcript as \"%1\": there is not enough "
                                               "memory for its data, expected some hundred MiB.")
                               .arg(path)),
                     toStd(TranscriptSaver::tr("Save it as .md or .csv, which take less."))};
    }
}

} // namespace

Result<void> TranscriptSaver::start(Transcript transcript, const QString &path)
{
    const auto kept = std::make_shared<Transcript>(std::move(transcript));
    return start(path, [kept, path] { return saveTranscript(*kept, path); });
}

Result<void> TranscriptSaver::start(SessionSnapshot session, const QString &path, ExportedVersions versions)
{
    const auto kept = std::make_shared<SessionSnapshot>(std::move(session));
    return start(path, [kept, path, versions] { return saveSession(*kept, versions, path); });
}

Result<void> TranscriptSaver::start(const QString &path, std::function<Result<void>()> work)
{
    if (isSaving())
        return Error{ErrorCode::Conflict,
                     toStd(tr("Cannot save \"%1\": \"%2\" is still being saved, expected one file at a time.")
                               .arg(QFileInfo(path).fileName(), QFileInfo(m_path).fileName())),
                     toStd(tr("Wait until it is saved, then try again."))};
    m_path = path;
    QtConcurrent::run(&m_workers, [work = std::move(work), path] { return saveOnWorker(work, path); }).then(this, [this](const Result<void> &saved) {
        const QString ended = std::exchange(m_path, QString());
        Q_EMIT this->ended(ended, saved);
    });
    return {};
}

} // namespace orrery::ui
