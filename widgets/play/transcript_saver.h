// SPDX-License-Identifier: GPL-3.0-or-later
// Writes transcripts into files while the window goes on, one at a time. What is being written is written
// before it goes. Owned by the playground; GUI thread only, the work is a worker thread's.
#pragma once

#include "widgets/play/session_file.h"
#include "widgets/play/transcript_export.h"

#include <QObject>
#include <QThreadPool>

#include <functional>

namespace orrery::ui {

class TranscriptSaver : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// @param transcript nobody else changes it: snapshotOf()  @param path as saveTranscript()
    /// @error Conflict: another one is still being written
    Result<void> start(Transcript transcript, const QString &path);
    /// A whole session, as JSON or Markdown. @error Conflict
    Result<void> start(SessionSnapshot session, const QString &path, ExportedVersions versions = ExportedVersions::All);
    /// Anything else that a worker can do. @error Conflict
    Result<void> start(const QString &path, std::function<Result<void>()> work);
    [[nodiscard]] bool isSaving() const { return !m_path.isEmpty(); }
    [[nodiscard]] QThreadPool &workers() { return m_workers; }

Q_SIGNALS:
    /// @param saved as saveTranscript(), or OutOfMemory
    void ended(const QString &path, const orrery::Result<void> &saved);

private:
    QString m_path; ///< empty: none
    /// Of its own: Qt paints with those of the application, and would wait where all of them are busy.
    QThreadPool m_workers;
};

} // namespace orrery::ui
