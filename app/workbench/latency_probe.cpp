// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/latency_probe.h"

#include "core/base/platform.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/session/engine_session.h"

#include <QEvent>
#include <QWidget>

namespace orrery::ui {

LatencyProbe::LatencyProbe(EngineSession &session, CurvesPanel &curves, const QString &path, QWidget *window)
    : QObject(window), m_file(path)
{
    if (!m_file.open(QIODevice::WriteOnly | QIODevice::Truncate)) return;
    window->installEventFilter(this);
    // Queued: the list has been laid out by then.
    const auto tellRuns = [this, &session] {
        const auto numRuns = std::ssize(session.runs());
        if (numRuns == m_numRuns) return;
        m_numRuns = numRuns;
        write("runs " + QByteArray::number(numRuns) + ' ' + QByteArray::number(wallSeconds(), 'f', 4) + '\n');
    };
    connect(&session, &EngineSession::runsChanged, this, tellRuns, Qt::QueuedConnection);
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        for (const StepReport &report : update.reports) m_unpainted.emplace_back(report.step, report.wallTime);
    });
    connect(&curves, &CurvesPanel::painted, this, [this](qint64 lastStep, double) {
        const double now = wallSeconds();
        QByteArray lines;
        while (!m_unpainted.empty() && m_unpainted.front().first <= lastStep) {
            lines += QByteArray::number((now - m_unpainted.front().second) * 1e3, 'f', 2) + '\n';
            m_unpainted.pop_front();
        }
        write(lines);
    });
}

bool LatencyProbe::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Paint) {
        watched->removeEventFilter(this);
        // Queued: after all children have painted, too, and the frame has gone to the screen.
        QMetaObject::invokeMethod(
            this, [this] { write("first-paint " + QByteArray::number(wallSeconds(), 'f', 4) + '\n'); },
            Qt::QueuedConnection);
    }
    return QObject::eventFilter(watched, event);
}

void LatencyProbe::write(const QByteArray &lines)
{
    m_file.write(lines);
    m_file.flush();
}

} // namespace orrery::ui
