// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/run_text.h"

#include "widgets/common/number_text.h"
#include "widgets/session/run_colors.h"
#include "widgets/theme/theme.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("RunText", text); }

QString firstSentence(const std::string &text)
{
    const QString whole = fromStd(text).section(u'\n', 0, 0);
    return whole.size() > 160 ? whole.left(159) + u'…' : whole;
}

} // namespace

QString runStateWord(RunState state)
{
    switch (state) {
    case RunState::Unknown:
        return tr("unknown");
    case RunState::Created:
        return tr("not started");
    case RunState::Starting:
        return tr("starting");
    case RunState::Running:
        return tr("training");
    case RunState::Paused:
        return tr("paused");
    case RunState::Stopping:
        return tr("stopping");
    case RunState::Stopped:
        return tr("stopped");
    case RunState::Finished:
        return tr("finished");
    case RunState::Failed:
        return tr("failed");
    case RunState::Crashed:
        return tr("crashed");
    case RunState::Unreadable:
        return tr("not readable");
    }
    return tr("unknown");
}

QChar runStateGlyph(RunState state)
{
    switch (state) {
    case RunState::Starting:
    case RunState::Running:
    case RunState::Stopping:
        return u'●';
    case RunState::Paused:
        return u'‖';
    case RunState::Finished:
        return u'✓';
    case RunState::Failed:
    case RunState::Crashed:
    case RunState::Unreadable:
        return u'✕';
    case RunState::Stopped:
        return u'■';
    case RunState::Unknown:
    case RunState::Created:
        return u'○';
    }
    return u'○';
}

Tone runStateTone(RunState state)
{
    switch (state) {
    case RunState::Starting:
    case RunState::Running:
        return Tone::Good;
    case RunState::Failed:
    case RunState::Crashed:
    case RunState::Unreadable:
        return Tone::Error;
    default:
        return Tone::Secondary;
    }
}

bool isStale(const RunStatus &status, double now)
{
    return status.state == RunState::Running && status.lastReportAt > 0 &&
           now - status.lastReportAt > kStaleAfterSeconds;
}

QString runStateLine(const RunStatus &status, double now)
{
    const QString step = integerText(status.step);
    switch (status.state) {
    case RunState::Running:
        if (isStale(status, now)) return tr("no report for %1").arg(durationText(now - status.lastReportAt));
        if (status.totalSteps <= 0) return tr("training, step %1").arg(step);
        return tr("training %1 %").arg(std::clamp<qint64>(status.step * 100 / status.totalSteps, 0, 100));
    case RunState::Paused:
        return status.error.empty() ? tr("paused at %1").arg(step)
                                    : tr("paused at %1: %2").arg(step, firstSentence(status.error));
    case RunState::Starting:
        return tr("starting …");
    case RunState::Stopping:
        return tr("stopping at %1 …").arg(step);
    case RunState::Stopped:
        return tr("stopped at %1").arg(step);
    case RunState::Finished:
        return tr("finished, %1 steps").arg(step);
    case RunState::Failed:
        return status.error.empty() ? tr("failed at %1").arg(step)
                                    : tr("stopped: %1").arg(firstSentence(status.error));
    case RunState::Crashed:
        return status.lastCheckpointStep < 0 ? tr("crashed at %1").arg(step)
                                             : tr("crashed at %1, can be resumed").arg(step);
    case RunState::Unreadable:
        return status.error.empty() ? tr("not readable")
                                    : tr("not readable: %1").arg(firstSentence(status.error));
    case RunState::Created:
        return tr("not started");
    case RunState::Unknown:
        break;
    }
    return tr("state not known");
}

void paintRunState(QPainter &painter, const QRectF &area, RunState state, const QColor &color, bool isStale)
{
    const QColor error = Theme::instance().tokens().error;
    if (runStateTone(state) == Tone::Error && color != error) // a green cross would be taken for good news
        return paintRunState(painter, area, state, error, isStale);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QPointF center = area.center();
    const double radius = std::min(area.width(), area.height()) / 2;
    const QPen line(color, std::max(1.6, radius * 0.34), Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
    switch (state) {
    case RunState::Running:
    case RunState::Starting:
    case RunState::Stopping: {
        QColor halo = color;
        halo.setAlphaF(0.28F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(halo);
        if (!isStale) painter.drawEllipse(center, radius, radius);
        painter.setBrush(color);
        painter.drawEllipse(center, radius * 0.62, radius * 0.62);
        break;
    }
    case RunState::Paused:
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        painter.drawRoundedRect(
            QRectF(center.x() - radius * 0.62, center.y() - radius * 0.75, radius * 0.44, radius * 1.5), 1,
            1);
        painter.drawRoundedRect(
            QRectF(center.x() + radius * 0.18, center.y() - radius * 0.75, radius * 0.44, radius * 1.5), 1,
            1);
        break;
    case RunState::Finished: {
        QPainterPath path(center + QPointF(-radius * 0.7, radius * 0.02));
        path.lineTo(center + QPointF(-radius * 0.18, radius * 0.55));
        path.lineTo(center + QPointF(radius * 0.75, -radius * 0.55));
        painter.setPen(line);
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(path);
        break;
    }
    case RunState::Failed:
    case RunState::Crashed:
    case RunState::Unreadable: {
        const double arm = radius * 0.58;
        painter.setPen(line);
        painter.drawLine(center + QPointF(-arm, -arm), center + QPointF(arm, arm));
        painter.drawLine(center + QPointF(-arm, arm), center + QPointF(arm, -arm));
        break;
    }
    case RunState::Stopped:
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        painter.drawRoundedRect(
            QRectF(center.x() - radius * 0.6, center.y() - radius * 0.6, radius * 1.2, radius * 1.2), 1.5,
            1.5);
        break;
    case RunState::Created:
    case RunState::Unknown:
        painter.setPen(QPen(color, std::max(1.4, radius * 0.28)));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(center, radius * 0.62, radius * 0.62);
        break;
    }
    painter.restore();
}

QString runTitle(const RunStatus &status) { return fromStd(status.name.empty() ? status.id : status.name); }

int runColorIndex(const QString &run) { return RunColors::instance().indexOf(run); }

void assignRunColors(const std::vector<RunStatus> &runs) { RunColors::instance().setRuns(runs); }

} // namespace orrery::ui
