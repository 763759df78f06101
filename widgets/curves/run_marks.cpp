// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/run_marks.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("orrery::ui::RunMarks", text); }

std::optional<MarkKind> markKind(EventKind kind)
{
    switch (kind) {
    case EventKind::Resumed:
        return MarkKind::Resumed;
    case EventKind::Setting:
        return MarkKind::Setting;
    case EventKind::NonFinite:
    case EventKind::Failed:
        return MarkKind::Error;
    case EventKind::Warning:
    case EventKind::Breakpoint:
    case EventKind::Alarm:
        return MarkKind::Warning;
    case EventKind::Paused:
    case EventKind::Stopped:
    case EventKind::EarlyStop:
    case EventKind::Note:
        return MarkKind::Note;
    case EventKind::Unknown:
    case EventKind::Started:
    case EventKind::Continued:
    case EventKind::Checkpoint: // the list of checkpoints says which of them still exist
    case EventKind::CheckpointDeleted:
    case EventKind::Sample:
    case EventKind::Finished:
        break;
    }
    return std::nullopt;
}

/// Written by a person: at any later time, about an earlier step.
bool isAnnotation(const RunEvent &event)
{
    return event.kind == EventKind::Note && event.payload.find("\"annotation\":true") != std::string::npos;
}

} // namespace

std::optional<RunMark> eventMark(const RunEvent &event)
{
    const auto kind = markKind(event.kind);
    if (!kind) return std::nullopt;
    return RunMark{event.step, isAnnotation(event) ? 0 : event.wallTime, *kind, fromStd(event.text)};
}

RunMark checkpointMark(const CheckpointInfo &checkpoint)
{
    RunMark mark{checkpoint.step,
                 checkpoint.wallTime,
                 checkpoint.isBest ? MarkKind::BestCheckpoint : MarkKind::Checkpoint,
                 {}};
    QStringList facts;
    if (checkpoint.isBest) facts << tr("best");
    facts << (checkpoint.isVerified ? tr("verified") : tr("not verified"));
    mark.text = tr("Checkpoint at step %1 (%2)")
                    .arg(integerText(checkpoint.step), facts.join(QStringLiteral(", ")));
    return mark;
}

std::vector<RunMark> branchMarks(const std::string &run, const std::vector<RunStatus> &runs)
{
    std::vector<RunMark> marks;
    const auto titleOf = [&runs](const std::string &id) {
        const auto found =
            std::find_if(runs.begin(), runs.end(), [&id](const RunStatus &one) { return one.id == id; });
        return found == runs.end() ? fromStd(id) : runTitle(*found);
    };
    for (const RunStatus &one : runs) {
        if (one.parent.empty() || one.parentStep < 0) continue;
        if (one.id == run)
            marks.push_back({one.parentStep, 0, MarkKind::Branch,
                             tr("Branched from “%1” at step %2")
                                 .arg(titleOf(one.parent), integerText(one.parentStep))});
        else if (one.parent == run)
            marks.push_back({one.parentStep, 0, MarkKind::Branch,
                             tr("“%1” was branched from here, step %2")
                                 .arg(runTitle(one), integerText(one.parentStep))});
    }
    return marks;
}

} // namespace orrery::ui
