// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/transcript_saver.h"

#include "widgets/common/number_text.h"

#include <QFileInfo>
#include <QtConcurrentRun>

#include <new>
#include <utility>

namespace orrery::ui {
namespace {

Result<void> saveOnWorker(const Transcript &transcript, const QString &path)
{
    try {
        return saveTranscript(transcript, path);
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
    if (isSaving())
        return Error{ErrorCode::Conflict,
                     toStd(tr("Cannot save \"%1\": \"%2\" is still being saved, expected one file at a time.")
                               .arg(QFileInfo(path).fileName(), QFileInfo(m_path).fileName())),
                     toStd(tr("Wait until it is saved, then try again."))};
    m_path = path;
    QtConcurrent::run(&m_workers, [transcript = std::move(transcript), path] {
        return saveOnWorker(transcript, path);
    }).then(this, [this](const Result<void> &saved) {
        const QString ended = std::exchange(m_path, QString());
        Q_EMIT this->ended(ended, saved);
    });
    return {};
}

} // namespace orrery::ui
