// SPDX-License-Identifier: GPL-3.0-or-later
// Writes transcripts into files while the window goes on, one at a time. Owned by the playground; GUI thread
// only, the work is a worker thread's.
#pragma once

#include "widgets/play/transcript_export.h"

#include <QObject>

namespace orrery::ui {

class TranscriptSaver : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// @param transcript nobody else changes it: snapshotOf()  @param path as saveTranscript()
    /// @error Conflict: another one is still being written
    Result<void> start(Transcript transcript, const QString &path);
    [[nodiscard]] bool isSaving() const { return !m_path.isEmpty(); }

Q_SIGNALS:
    /// @param saved as saveTranscript(), or OutOfMemory
    void ended(const QString &path, const orrery::Result<void> &saved);

private:
    QString m_path; ///< empty: none
};

} // namespace orrery::ui
