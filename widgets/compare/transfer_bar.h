// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that come in from a log directory of TensorBoard or go out as one: what is under way, with Cancel, and how it went, with
// what was skipped and where. Stands above the pages of the window, so that it is seen wherever one is; without either it
// takes no room. GUI thread only; asks the engine, which outlives it.
#pragma once

#include "widgets/session/engine_session.h"

#include <QWidget>

#include <deque>

class QPushButton;

namespace orrery::ui {

class Banner;
class ProgressRow;

class TransferBar : public QWidget {
    Q_OBJECT
public:
    explicit TransferBar(EngineSession &session, QWidget *parent = nullptr);
    /// Asks for the folder, without blocking.
    void chooseImport();
    /// @param path of the engine's machine
    void importLog(const QString &path);
    /// Asks where to, without blocking.
    void chooseExport(const QStringList &runs);
    /// Each run into a folder of its own below the directory. What cannot be written is told at the end.
    void exportRuns(const QStringList &runs, const QString &directory);
    [[nodiscard]] bool isBusy() const { return m_request != nullptr || m_isExporting; }
    void cancel();
    [[nodiscard]] Banner *banner() const { return m_banner; }
    [[nodiscard]] ProgressRow *progress() const { return m_progress; }
    /// All that the last import skipped, a line each.
    [[nodiscard]] const QStringList &notes() const { return m_notes; }

Q_SIGNALS:
    void imported(const QStringList &runs); ///< ids, at least one
    void busyChanged();

private:
    void takeImport(const QString &path, const Result<ImportedRuns> &reply);
    void exportNext();
    void endExport(const QString &hint);
    void showNotes();
    void finish();
    [[nodiscard]] QString titleOf(const QString &run) const;

    EngineSession &m_session;
    ProgressRow *m_progress;
    Banner *m_banner;
    QPushButton *m_notesButton;
    std::unique_ptr<PendingRequest> m_request;
    QStringList m_notes;
    std::deque<QString> m_queue; ///< runs to be exported
    QString m_directory;
    QStringList m_failures;
    int m_numExports = 0, m_numExported = 0;
    bool m_isExporting = false;
    quint64 m_number = 0; ///< answers of what was cancelled are dropped
};

} // namespace orrery::ui
