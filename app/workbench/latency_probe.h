// SPDX-License-Identifier: GPL-3.0-or-later
// Measures log-to-paint: from the moment the trainer stamped a report to the end of the replot that shows it,
// and when the window was on the screen first. Off unless asked for (`orrery --latency FILE`, the slow test
// tst_latency uses it); then one line "first-paint <Unix seconds>", "runs <number> <Unix seconds>" when a list of another length is shown, and one of milliseconds per report,
// counted for every report of a batch, not only its newest. GUI thread.
#pragma once

#include <QFile>
#include <QObject>

#include <deque>
#include <utility>

class QWidget;

namespace orrery::ui {

class CurvesPanel;
class EngineSession;

class LatencyProbe : public QObject {
    Q_OBJECT
public:
    /// Writes to path, replacing it; says nothing when the file cannot be made (isOpen() tells).
    LatencyProbe(EngineSession &session, CurvesPanel &curves, const QString &path, QWidget *window);
    [[nodiscard]] bool isOpen() const { return m_file.isOpen(); }

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void write(const QByteArray &lines);

    QFile m_file;
    qsizetype m_numRuns = -1; ///< as told last
    std::deque<std::pair<qint64, double>> m_unpainted; ///< step and stamp of reports that came and are not on the screen
};

} // namespace orrery::ui
